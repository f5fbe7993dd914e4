import type { NodeJson } from "@holdfast/protocol/values";
import { useQuery } from "@tanstack/react-query";
import { useAccount } from "../../data/account.ts";
import { lineageQuery } from "../../data/lineage.ts";
import { ownerOf, peopleFor, type Reader, readersOf } from "../../data/people.ts";
import { useDrive } from "../../data/use-drive.ts";
import { suggestReaders } from "./mention-text.ts";

export type Commented = Pick<NodeJson, "id" | "role">;

/** All are visible without scrolling. */
const shownMax = 5;

interface WantedReaders {
  readonly node: Commented;
  readonly talkers: readonly Reader[];
  /** Beginning of a name; undefined while nobody is being mentioned. */
  readonly wanted: string | undefined;
}

/**
 * Suggests people to mention. A person who may share gets everybody with access. Others cannot see who has access, and
 * get the owner, the people in the comments and the people search.
 */
export function useReaders({ node: { id, role }, talkers, wanted }: WantedReaders): readonly Reader[] {
  const drive = useDrive();
  const { data: account } = useAccount();
  const isOpen = wanted !== undefined;
  const mayShare = role === "owner" || role === "editor";
  const readers = useQuery({ ...readersOf(drive, id), enabled: isOpen && mayShare });
  const lineage = useQuery({ ...lineageQuery(drive.client, id), enabled: isOpen && role !== "owner" });
  const top = lineage.data?.at(-1)?.id;
  const owner = useQuery({ ...ownerOf(drive, top ?? id), enabled: isOpen && top !== undefined });
  // The owner can stop editors from sharing.
  const isBlind = !mayShare || readers.isError;
  const found = useQuery(peopleFor(drive, isBlind ? (wanted ?? "") : ""));
  if (wanted === undefined) return [];
  const known = isBlind ? [...(found.data ?? []), ...talkers] : (readers.data ?? []);
  const all = owner.data == null ? known : [owner.data, ...known];
  return suggestReaders(all, wanted)
    .filter((person) => person.id !== account?.id && person.name !== "")
    .slice(0, shownMax);
}
