/**
 * With what a page says that it is one, and that it will want a web session: its browser, or a proxy, may not send the Origin that the session
 * takes. Its value says nothing.
 */
export const pageHeader = "holdfast-page";
