/** Plain on purpose: nothing of them loads, runs or is styled, so the policy of all answers stays as strict as it is. */
export const buildingPage = page(
  "Holdfast is being built",
  `<p role="status">The pages of this server are being built, once, which takes some seconds. This page comes back by itself.</p>`,
  `<meta http-equiv="refresh" content="2">\n`,
);

/** For addresses at which a page that refreshes itself would not load anew. */
export const lateBuildingPage = page(
  "Holdfast is being built",
  `<p role="status">The pages of this server are being built, once, which takes longer than usual. Load this page again in a minute: its link stays good.</p>`,
);

/** For a server that was started without the app, and for one whose app could not be built. */
export const withoutAppPage = page(
  "Holdfast is running",
  `<p>The pages of this server are not there: its log says why. Your files are, and so is all else. Sign in with the command, in the folder in which Holdfast was installed:</p>
<pre>npx holdfast login ADDRESS-OF-THIS-PAGE</pre>
<p>Without them the administrator of a new server is created by starting it with HOLDFAST_ADMIN_EMAIL and HOLDFAST_ADMIN_PASSWORD set. Programs use <a href="/api/docs">the API</a>.</p>`,
);

function page(title: string, content: string, head = ""): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${head}<title>Holdfast</title>
<h1>${title}</h1>
${content}
</html>
`;
}
