/** From the page, into which the server writes its name. */
export const serverName =
  document.querySelector<HTMLMetaElement>('meta[name="application-name"]')?.content ?? "Holdfast";
