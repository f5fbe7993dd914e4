import { useEffect } from "react";

/**
 * In place of the package react-style-singleton, which Radix locks scrolling with: that one writes a <style> element, which
 * the Content-Security-Policy refuses. A sheet that a script constructs is no inline style.
 * @returns a component whose styles hold while at least one of it is mounted
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
