/**
 * Header by which a page of this server identifies itself. The server then checks the Origin, which the page's browser
 * or a proxy may omit, and without which a web session is impossible. The value is ignored.
 */
export const pageHeader = "holdfast-page";
