// Where somebody stands, asked of the phone only when they want it, and never sent anywhere but in a form they send.

export interface Place {
  at: [number, number];
  /** Metres within which the phone believes to be. */
  accuracy: number;
}

export function locate(): Promise<Place> {
  return new Promise((resolve, reject) => {
    if (!navigator.geolocation) return reject(new Error("no place"));
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({ at: [coords.longitude, coords.latitude], accuracy: Math.max(0.1, coords.accuracy) }),
      reject,
      { enableHighAccuracy: true, timeout: 30_000, maximumAge: 10_000 },
    );
  });
}

const EARTH_M = 6_371_008.8;

/** Metres between two places along the sphere, longitude first. */
export function distance(one: [number, number], other: [number, number]): number {
  const [[west, south], [east, north]] = [one, other].map((place) => place.map((degrees) => (degrees * Math.PI) / 180));
  const flat = Math.sin((north - south) / 2) ** 2 + Math.cos(south) * Math.cos(north) * Math.sin((east - west) / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.sqrt(Math.min(1, flat)));
}

/** A ring of so many metres about a place. */
export function ring([east, north]: [number, number], metres: number): [number, number][] {
  const up = (metres / EARTH_M) * (180 / Math.PI);
  const across = up / Math.cos((north * Math.PI) / 180);
  return Array.from({ length: 49 }, (_, index) => {
    const turn = (index / 48) * 2 * Math.PI;
    return [east + across * Math.cos(turn), north + up * Math.sin(turn)];
  });
}
