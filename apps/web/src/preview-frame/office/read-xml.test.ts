import assert from "node:assert/strict";
import { test } from "node:test";
import { child, parseXml, valueOf } from "./read-xml.ts";

const whole = (text: string, left = 5000) => ({ text, isCut: false, elements: { left } });
const damaged = { message: "office_damaged" };

test("elements and attributes lose their prefixes, and text is only kept in t elements", () => {
  const { root, isCut } = parseXml(
    whole(
      '<?xml version="1.0"?><w:p xmlns:w="main" xmlns:r="other"><w:jc w:val="a &amp; b" r:id="1"/>no <w:t>one &lt;<![CDATA[<two>]]></w:t></w:p>',
    ),
  );
  assert.equal(isCut, false);
  assert.equal(root.name, "p");
  assert.equal(valueOf(root, "jc"), "a & b");
  assert.deepEqual([...(child(root, "jc")?.attributes.keys() ?? [])], ["val", "id"]);
  assert.equal(child(root, "t")?.text, "one <<two>");
  assert.equal(root.text, "");
});

test("a document type is rejected, which prevents entity expansion", () => {
  const laughs = Array.from({ length: 9 }, (_, index) => `<!ENTITY l${index + 1} "${`&l${index};`.repeat(10)}">`);
  const bomb = `<!DOCTYPE p [<!ENTITY l0 "ha">${laughs.join("")}]><p><t>&l9;</t></p>`;
  const outside = '<!DOCTYPE p [<!ENTITY e SYSTEM "file:///etc/passwd">]><p><t>&e;</t></p>';
  for (const text of [bomb, outside, "<!DOCTYPE html><p/>"]) assert.throws(() => parseXml(whole(text)), damaged);
  assert.equal(child(parseXml(whole("<p><t>&l9;</t></p>")).root, "t")?.text, "&l9;");
});

test("deep, damaged and empty XML is rejected", () => {
  const nested = (depth: number) => `${"<a>".repeat(depth)}${"</a>".repeat(depth)}`;
  assert.equal(parseXml(whole(nested(200))).isCut, false);
  for (const text of [nested(201), nested(1_000_000), "", "no xml", "<a>", "<a></b>", "<a b='>", "<a><b</a>"])
    assert.throws(() => parseXml(whole(text)), damaged, text.slice(0, 20));
});

test("elements beyond the limit are left out, and a cut text ends without an error", () => {
  const many = `<a>${"<b><t>x</t></b>".repeat(1000)}</a>`;
  const { root, isCut } = parseXml(whole(many, 21));
  assert.deepEqual([root.children.length, isCut], [10, true]);
  assert.equal(parseXml(whole(many)).root.children.length, 1000);
  for (const text of ["<a><b/><t>wor", "<a><b/><b c='", "<a><b/><!-- "]) {
    const cut = parseXml({ ...whole(text), isCut: true });
    assert.deepEqual([cut.isCut, cut.root.children[0]?.name], [true, "b"], text);
  }
});
