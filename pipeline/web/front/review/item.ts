// An item in hand: its reading, its pictures once they are decoded, and whether it has been before the eyes.
import { DOORS, fetchPicture, post } from "./doors";
import { patiently } from "./line";
import type { Bounds, Pictured, Reading } from "./reading";

export interface Shot {
  bitmap: ImageBitmap;
  /** An address of the same bytes within this page, for an `img`. */
  address: string;
  sha256: string;
  bounds: Bounds;
}

export interface Evidence {
  picture: Shot;
  overview: Shot;
}

export class Item {
  /** Decoded, so that it can be drawn in the next frame. */
  readonly evidence: Promise<Evidence>;
  isLoaded = false;
  private posted: Promise<unknown> | null = null;

  constructor(
    readonly reading: Reading,
    /** When the lease runs out, by the clock of this machine, in milliseconds. */
    readonly expiresAt: number,
  ) {
    this.evidence = load(reading);
    this.evidence.then(
      () => (this.isLoaded = true),
      () => undefined,
    );
  }

  /** The address of one of the doors of this reading. */
  address(door: string): string {
    return `${DOORS}/readings/${this.reading.id}/${door}`;
  }

  /** Say that the pictures are before the reader's eyes: from now on the server counts. Sent until it arrives. */
  shown(): Promise<unknown> {
    this.posted ??= this.evidence.then(({ picture, overview }) =>
      patiently(() => post(this.address("shown"), { picture: picture.sha256, overview: overview.sha256 })),
    );
    this.posted.catch(() => undefined);
    return this.posted;
  }

  /** Settles when the server knows that it was shown. */
  get seen(): Promise<unknown> {
    return this.posted ?? Promise.resolve();
  }

  forget(): void {
    void this.evidence.then(
      ({ picture, overview }) => {
        for (const shot of [picture, overview]) {
          shot.bitmap.close();
          URL.revokeObjectURL(shot.address);
        }
      },
      () => undefined,
    );
  }
}

async function load({ picture, overview }: Reading): Promise<Evidence> {
  // One after the other: the server hashes them in this order, and the plot matters more.
  const near = await shoot(picture);
  return { picture: near, overview: await shoot(overview) };
}

export async function shoot({ url, bounds }: Pictured): Promise<Shot> {
  const { bytes, sha256 } = await patiently(() => fetchPicture(url));
  const bitmap = await createImageBitmap(bytes);
  return { bitmap, address: URL.createObjectURL(bytes), sha256, bounds };
}
