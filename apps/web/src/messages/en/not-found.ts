export const notFound = {
  "notFound.title": "Page not found",
  "notFound.next": "Check the address, or go back to your files.",
  "notFound.toFiles": "Go to your files",
} as const;
