/** Where a picture lies: how much larger than the screen has room for, and how far from the middle, in pixels of the screen. */
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

/**
 * @param at the point that stays where it is, from the middle of the screen
 * @param screen of what shows the picture, which at scale 1 has the size `picture`
 */
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

/** No edge of the picture comes further in than the screen's, and what has room stays in the middle. */
function kept({ scale, x, y }: Zoom, screen: Extent, picture: Extent): Zoom {
  const across = Math.max(0, (picture.width * scale - screen.width) / 2);
  const down = Math.max(0, (picture.height * scale - screen.height) / 2);
  // `+ 0` as a picture that does not move lies at 0 and not at -0.
  return { scale, x: Math.min(across, Math.max(-across, x)) + 0, y: Math.min(down, Math.max(-down, y)) + 0 };
}
