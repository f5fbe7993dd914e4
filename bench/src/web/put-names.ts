import { randomBytes } from "node:crypto";
import { type Api, ok } from "@holdfast/server/acceptance/testing";

/** Creates empty files in a folder of that name, or in the drive if the name is empty. @returns the folder's id */
export async function putNames(api: Api, name: string, files: number, called = "file "): Promise<string> {
  const { id } =
    name === ""
      ? await ok(api, "GET", "/metadata?path=/")
      : await ok(api, "POST", "/metadata", { path: `/${name}`, kind: "folder" });
  for (let start = 0; start < files; start += operationsMax) {
    const operations = Array.from({ length: Math.min(operationsMax, files - start) }, (_, place) => ({
      op: "put",
      operation_id: randomBytes(16).toString("hex"),
      parent_id: id,
      name: `${called}${start + place}.txt`,
      size: 0,
      blocks: [],
    }));
    await ok(api, "POST", "/sync/delta", { operations });
  }
  return id;
}

const operationsMax = 1000;
