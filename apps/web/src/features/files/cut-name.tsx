import { shownName } from "../../design/shown-name.ts";
import { cutName } from "./file-names.ts";

/** File name in any script, on one line, shortened in the middle if space is short. */
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
