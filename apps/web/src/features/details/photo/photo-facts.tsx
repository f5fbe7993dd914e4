import type { NodeJson } from "@holdfast/protocol/values";
import { useQuery } from "@tanstack/react-query";
import { useDrive } from "../../../data/use-drive.ts";
import type { PlainKey } from "../../../messages/messages.ts";
import { useMessages } from "../../../messages/use-messages.ts";
import { Fact } from "../fact.tsx";
import { exposureWords, mapPlace } from "./photo-words.ts";
import type { Place } from "./read-exif.ts";
import { readPhoto } from "./read-photo.ts";

/** Facts that are in the file itself. Shows nothing while they load, or if they cannot be read. */
export function PhotoFacts({ node }: { readonly node: NodeJson }) {
  const words = useMessages();
  const { message, dateTime } = words;
  const { data } = usePhoto(node);
  if (data == null) return null;
  const { size, exif } = data;
  const facts: readonly (readonly [PlainKey, string | undefined])[] = [
    ["details.dimensions", size && message("details.pixels", { width: size.width, height: size.height })],
    ["details.taken", exif?.takenAt && dateTime(exif.takenAt)],
    ["details.camera", exif?.camera],
    ["details.lens", exif?.lens],
    ["details.exposure", exif && exposureWords(exif, words)],
  ];
  return (
    <>
      {facts.map(
        ([key, value]) =>
          value !== undefined && (
            <Fact key={key} term={message(key)}>
              <bdi>{value}</bdi>
            </Fact>
          ),
      )}
      {exif?.place !== undefined && <TakenPlace place={exif.place} />}
    </>
  );
}

/** The map is on another server, which learns the location only when the link is opened. */
function TakenPlace({ place }: { readonly place: Place }) {
  const { message } = useMessages();
  const { coordinates, address } = mapPlace(place);
  return (
    <Fact term={message("details.takenPlace")}>
      <span className="flex flex-wrap gap-x-2">
        <bdi>{coordinates}</bdi>
        <a href={address} target="_blank" rel="noopener noreferrer" className="text-accent underline">
          {message("details.map")}
        </a>
      </span>
    </Fact>
  );
}

function usePhoto({ id, version_id: version, size }: NodeJson) {
  const { client } = useDrive();
  return useQuery({
    queryKey: ["photo", id, version],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }) => {
      const query = version === null ? {} : { version };
      const photo = await readPhoto(size, async ({ start, end }) => {
        const range = end - start < size ? { headers: { range: `bytes=${start}-${end - 1}` } } : {};
        const pieces = await client.bytes("download", { params: { id }, query, signal, ...range }, end - start);
        return new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer());
      });
      return photo ?? null;
    },
  });
}
