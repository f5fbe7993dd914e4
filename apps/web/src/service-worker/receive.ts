import { storeReceived, type ReceiveProblem } from "../browser/received-files.ts";

/** Names of the manifest's `share_target`. */
export const receivePath = "/receive";
const field = "files";

/**
 * Answers the form with which the system shares files. Any site can send such a form, so the files only wait here:
 * nothing is uploaded before the person has chosen a folder.
 */
export async function receiveParcel(request: Request): Promise<Response> {
  const problem = await keep(request).catch((): ReceiveProblem => "not_kept");
  return Response.redirect(problem === undefined ? receivePath : `${receivePath}?problem=${problem}`, 303);
}

async function keep(request: Request): Promise<ReceiveProblem | undefined> {
  const files = (await request.formData()).getAll(field).filter((value) => value instanceof File);
  // A form without a chosen file sends one without name and content.
  return storeReceived(files.filter(({ name, size }) => name !== "" || size > 0));
}
