import "swagger-ui-dist/swagger-ui.css";
import "./api-docs.css";
import { operations } from "./operations.ts";
import { search } from "./search.ts";
import { openViewer } from "./viewer.ts";

/**
 * Replaces the server-rendered list of calls in `/api/docs` once the viewer has read the description. The rest of the
 * page stays.
 */
function begin(list: Element): void {
  allowMarkup();
  followTheme();
  const viewer = document.createElement("div");
  const marked = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  openViewer({
    url: "/api/openapi.json",
    domNode: viewer,
    // Otherwise the description is sent to the makers' validation service.
    validatorUrl: null,
    persistAuthorization: false,
    filter: true,
    // Otherwise the viewer reads an error code in the fragment as its own place and rewrites the address.
    deepLinking: marked === null,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    // Calls use only the entered token, never a session cookie.
    requestInterceptor: (request) => Object.assign(request, { credentials: "omit" }),
    onComplete: () => {
      list.replaceWith(viewer);
      document.documentElement.dataset["viewer"] = "ready";
      if (marked !== null) keepInView(marked, viewer);
    },
    plugins: [search, operations, { components: { InfoContainer: () => null } }],
  });
}

/** Keeps the addressed element in view while the viewer above it grows, until the person moves. */
function keepInView(named: Element, viewer: Element): void {
  const watch = new ResizeObserver(() => named.scrollIntoView());
  watch.observe(viewer);
  for (const move of ["wheel", "touchstart", "pointerdown", "keydown"])
    addEventListener(move, () => watch.disconnect(), { once: true, passive: true });
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createHTML(text: string): string }): unknown;
}

/** The viewer assigns markup, cleaned by DOMPurify, as strings. Strings that would become scripts stay blocked. */
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
