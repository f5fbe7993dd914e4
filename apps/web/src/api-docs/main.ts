import "swagger-ui-dist/swagger-ui.css";
import "./api-docs.css";
import { operations } from "./operations.ts";
import { search } from "./search.ts";
import { openViewer } from "./viewer.ts";

/**
 * Takes the list of calls over that the server has written into `/api/docs`, once the viewer has read the description. What else stands
 * in the page, the codes of errors above all, stays.
 */
function begin(list: Element): void {
  allowMarkup();
  followTheme();
  const viewer = document.createElement("div");
  const marked = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  openViewer({
    url: "/api/openapi.json",
    domNode: viewer,
    // Else it would ask a service of its makers whether the description is valid.
    validatorUrl: null,
    persistAuthorization: false,
    filter: true,
    // It would take a code of an error for one of its own places, and write that into the address.
    deepLinking: marked === null,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    // Nobody is signed in here by a cookie: a call has what the person gave it.
    requestInterceptor: (request) => Object.assign(request, { credentials: "omit" }),
    onComplete: () => {
      list.replaceWith(viewer);
      document.documentElement.dataset["viewer"] = "ready";
      if (marked !== null) keepInView(marked, viewer);
    },
    plugins: [search, operations, { components: { InfoContainer: () => null } }],
  });
}

/** What the address names stands below the viewer, which grows as it draws: until the person moves, it is brought back. */
function keepInView(named: Element, viewer: Element): void {
  const watch = new ResizeObserver(() => named.scrollIntoView());
  watch.observe(viewer);
  for (const move of ["wheel", "touchstart", "pointerdown", "keydown"])
    addEventListener(move, () => watch.disconnect(), { once: true, passive: true });
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createHTML(text: string): string }): unknown;
}

/** The viewer writes markup, cleaned by DOMPurify, as plain text. Text that would become script stays forbidden. */
function allowMarkup(): void {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  trustedTypes?.createPolicy("default", { createHTML: (text) => text });
}

function followTheme(): void {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
  dark.addEventListener("change", follow);
  follow();
}

const list = document.getElementById("calls");
if (list !== null) begin(list);
