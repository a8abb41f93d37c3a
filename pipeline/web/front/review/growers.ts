// The names of licensed growers: words of the page over the map, because the map itself has no fonts.
import type { FeatureCollection, Geometry } from "geojson";
import { type Map as GlMap, Marker, type PositionAnchor } from "maplibre-gl";
import type { Bounds } from "./reading";
import { bounds } from "./shapes";

/** They stand on the northern edge of the ground, or of what is `shown` of it, so that what grows there stays free. */
export function growerLabels() {
  let markers: Marker[] = [];
  let visible = true;
  const toggle = (on: boolean) => {
    visible = on;
    for (const marker of markers) marker.getElement().hidden = !on;
  };
  const show = (map: GlMap, growers: FeatureCollection, shown: Bounds = EVERYWHERE) => {
    for (const marker of markers) marker.remove();
    markers = growers.features.map(({ geometry, properties }) => {
      const element = document.createElement("span");
      element.className = "grower";
      element.textContent = String(properties?.label ?? "");
      element.hidden = !visible;
      const { at, anchor } = place(geometry, shown);
      return new Marker({ element, anchor }).setLngLat(at).addTo(map);
    });
  };
  return { show, toggle };
}

const EVERYWHERE: Bounds = [-180, -90, 180, 90];

function place(geometry: Geometry, shown: Bounds): { at: [number, number]; anchor: PositionAnchor } {
  const [west, , east, north] = bounds(geometry);
  const middle = (Math.max(west, shown[0]) + Math.min(east, shown[2])) / 2;
  return north > shown[3] ? { at: [middle, shown[3]], anchor: "top" } : { at: [middle, north], anchor: "bottom" };
}
