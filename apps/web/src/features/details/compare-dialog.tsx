import type { VersionJson } from "@holdfast/protocol/version-routes";
import type { NodeJson } from "@holdfast/protocol/values";
import { useQuery } from "@tanstack/react-query";
import type { Drive } from "../../data/drive.ts";
import { useDrive } from "../../data/use-drive.ts";
import { Dialog } from "../../design/dialog.tsx";
import { Notice } from "../../design/notice.tsx";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { differenceOf, type DifferenceLine } from "./text-difference.ts";

interface CompareDialogProps {
  readonly node: NodeJson;
  readonly version: VersionJson;
  readonly onClose: () => void;
}

/** Maximum size of each version. Longer versions are not compared. */
const textBytesMax = 2 ** 20;

/** Compares an old version with the current one. */
export function CompareDialog({ node, version, onClose }: CompareDialogProps) {
  const drive = useDrive();
  const words = useMessages();
  const { message, dateTime } = words;
  const { data, error } = useQuery({
    queryKey: ["compared", node.id, version.version_id, node.version_id],
    queryFn: ({ signal }) => compare(drive, node, version, signal),
  });
  return (
    <Dialog
      open
      size="large"
      title={message("details.compare")}
      about={message("details.compareAbout", { name: node.name, time: dateTime(version.created_at) })}
      onClose={onClose}
    >
      {error !== null && <Notice kind="error">{problemWords(error, words)}</Notice>}
      {data !== undefined && <Difference found={data} />}
    </Dialog>
  );
}

type Compared = "equal" | "binary" | readonly DifferenceLine[];

async function compare(drive: Drive, node: NodeJson, version: VersionJson, signal: AbortSignal): Promise<Compared> {
  if (version.content_id === node.content_id) return "equal";
  if (Math.max(node.size, version.size) > textBytesMax) return "binary";
  const [before, after] = await Promise.all([
    readText(drive, node.id, version.version_id, signal),
    readText(drive, node.id, node.version_id ?? "", signal),
  ]);
  if (before === undefined || after === undefined) return "binary";
  return differenceOf(before, after) ?? "binary";
}

/** @returns undefined if the content is not UTF-8 text */
async function readText({ client }: Drive, id: string, version: string, signal: AbortSignal) {
  const pieces = await client.bytes("download", { params: { id }, query: { version }, signal }, textBytesMax);
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(await new Blob(pieces as BlobPart[]).arrayBuffer());
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}

function Difference({ found }: { readonly found: Compared }) {
  const { message } = useMessages();
  if (typeof found === "string") return <p>{message(found === "equal" ? "details.equal" : "details.noText")}</p>;
  return (
    <div dir="ltr" className="overflow-x-auto rounded-md border border-line font-mono text-sm">
      <table className="min-w-full border-collapse">
        <tbody>
          {found.map((line, index) => (
            // Lines can be equal, and their order never changes.
            <Line key={index} line={line} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Line({ line }: { readonly line: DifferenceLine }) {
  const { message } = useMessages();
  if (line.kind === "skipped") {
    return (
      <tr className="bg-hover text-muted">
        <td colSpan={3} className="px-3 py-1 text-center">
          {message("details.equalLines", { count: line.count })}
        </td>
      </tr>
    );
  }
  const { sign, look } = looks[line.kind];
  return (
    <tr className={look}>
      <td className="w-px px-2 text-end text-muted select-none">{line.left ?? line.right}</td>
      <td className="w-px px-1 select-none">
        <span aria-hidden>{sign}</span>
        {line.kind !== "same" && <span className="sr-only">{message(`details.${line.kind}Line`)}</span>}
      </td>
      <td className="pe-3 whitespace-pre">{line.text}</td>
    </tr>
  );
}

const looks = {
  same: { sign: " ", look: "" },
  added: { sign: "+", look: "bg-selected" },
  removed: { sign: "−", look: "bg-pressed text-danger line-through" },
} as const;
