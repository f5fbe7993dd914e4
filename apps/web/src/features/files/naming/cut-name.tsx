import { shownName } from "../../../design/shown-name.ts";
import { cutName } from "./file-names.ts";

/** Name on one line, shortened in the middle. */
export function CutName({ name }: { readonly name: string }) {
  const shown = shownName(name);
  const { head, tail } = cutName(shown);
  return (
    <bdi title={shown} className="flex min-w-0 whitespace-pre">
      <span className="overflow-hidden text-ellipsis whitespace-pre">{head}</span>
      {tail === "" ? null : <span className="shrink-0">{tail}</span>}
    </bdi>
  );
}
