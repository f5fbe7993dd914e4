import { useEffect } from "react";

/**
 * Replaces react-style-singleton, with which Radix locks scrolling. That package inserts a <style> element, which the
 * Content-Security-Policy blocks; constructed style sheets are allowed.
 * @returns component whose styles apply while it is mounted
 * @public
 */
export function styleSingleton() {
  let users = 0;
  let sheet: CSSStyleSheet | undefined;
  const add = (styles: string) => {
    users++;
    if (users > 1) return;
    sheet = new CSSStyleSheet();
    sheet.replaceSync(styles);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  };
  const remove = () => {
    users--;
    if (users === 0) document.adoptedStyleSheets = document.adoptedStyleSheets.filter((each) => each !== sheet);
  };
  return function Sheet({ styles }: { readonly styles: string }) {
    useEffect(() => {
      add(styles);
      return remove;
    }, [styles]);
    return null;
  };
}
