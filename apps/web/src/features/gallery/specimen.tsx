import type { ReactNode } from "react";

export function Specimen({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <section className="flex min-w-0 flex-col gap-3">
      <h3 className="font-mono text-sm text-muted">{name}</h3>
      {children}
    </section>
  );
}

export function Line({ children }: { readonly children: ReactNode }) {
  return <div className="flex flex-wrap items-center gap-3">{children}</div>;
}
