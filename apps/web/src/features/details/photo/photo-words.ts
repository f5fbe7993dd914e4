import type { Messages } from "../../../messages/messages.ts";
import type { Exif, Place } from "./read-exif.ts";

/** Longer exposures are in seconds, as cameras show them. */
const fractionSecondsMax = 0.3;

/**
 * "1/8000 s · f/1.8 · 24 mm · ISO 12800": the same symbols in every language. Cameras do not group digits.
 * @returns undefined if nothing is known
 */
export function exposureWords(
  { exposureSeconds, fNumber, focalLengthMm, iso }: Exif,
  { number }: Pick<Messages, "number">,
): string | undefined {
  const shutter = (seconds: number) =>
    seconds < fractionSecondsMax ? `1/${Math.round(1 / seconds)}` : number(seconds);
  const parts = [
    ...(exposureSeconds === undefined ? [] : [`${shutter(exposureSeconds)}\u00A0s`]),
    ...(fNumber === undefined ? [] : [`f/${number(fNumber)}`]),
    ...(focalLengthMm === undefined ? [] : [`${number(focalLengthMm)}\u00A0mm`]),
    ...(iso === undefined ? [] : [`ISO\u00A0${Math.round(iso)}`]),
  ];
  return parts.length === 0 ? undefined : parts.join(" · ");
}

interface MapPlace {
  readonly coordinates: string;
  readonly address: string;
}

/** Precision of about a meter. */
const digits = 5;

export function mapPlace(place: Place): MapPlace {
  const [latitude, longitude] = [place.latitude.toFixed(digits), place.longitude.toFixed(digits)];
  const query = `mlat=${latitude}&mlon=${longitude}#map=15/${latitude}/${longitude}`;
  return { coordinates: `${latitude}, ${longitude}`, address: `https://www.openstreetmap.org/?${query}` };
}
