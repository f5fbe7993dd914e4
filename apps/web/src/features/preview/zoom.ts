/** Scale relative to fitting the screen, and offset from the center in screen pixels. */
export interface Zoom {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export interface Extent {
  readonly width: number;
  readonly height: number;
}

export const fitted: Zoom = { scale: 1, x: 0, y: 0 };
const scaleMax = 16;

/** @param at fixed point, from the center @param screen size of the viewport @param picture size at scale 1 */
export function zoomedBy(
  zoom: Zoom,
  factor: number,
  at: { x: number; y: number },
  screen: Extent,
  picture: Extent,
): Zoom {
  const scale = Math.min(scaleMax, Math.max(1, zoom.scale * factor));
  const ratio = scale / zoom.scale;
  return kept({ scale, x: at.x - (at.x - zoom.x) * ratio, y: at.y - (at.y - zoom.y) * ratio }, screen, picture);
}

export function movedBy(zoom: Zoom, x: number, y: number, screen: Extent, picture: Extent): Zoom {
  return kept({ ...zoom, x: zoom.x + x, y: zoom.y + y }, screen, picture);
}

/** No edge moves inside the screen, and a fitting picture stays centered. */
function kept({ scale, x, y }: Zoom, screen: Extent, picture: Extent): Zoom {
  const across = Math.max(0, (picture.width * scale - screen.width) / 2);
  const down = Math.max(0, (picture.height * scale - screen.height) / 2);
  // `+ 0` turns -0 into 0.
  return { scale, x: Math.min(across, Math.max(-across, x)) + 0, y: Math.min(down, Math.max(-down, y)) + 0 };
}
