import { useState } from "react";
import { Button } from "../design/button.tsx";
import { usePageTitle } from "../design/page-title.ts";
import { changePreferences, preferences } from "../browser/preferences.ts";
import { ActsGallery } from "../features/gallery/acts-gallery.tsx";
import { FormsGallery } from "../features/gallery/forms-gallery.tsx";
import { ListsGallery } from "../features/gallery/lists-gallery.tsx";
import { NewsGallery } from "../features/gallery/news-gallery.tsx";
import { useMessages } from "../messages/use-messages.ts";

/** All components and states, in both themes. */
export function DesignPlace() {
  const { message } = useMessages();
  const [direction, setDirection] = useState(preferences().direction);
  usePageTitle(message("place.design"));
  const turn = () => {
    const turned = direction === "rtl" ? undefined : "rtl";
    setDirection(turned);
    changePreferences({ direction: turned });
  };
  return (
    <main className="min-h-dvh">
      <header className="flex flex-wrap items-center gap-4 px-6 pt-6">
        <h1 className="flex-1 text-2xl font-semibold">{message("place.design")}</h1>
        <Button onClick={turn} aria-pressed={direction === "rtl"}>
          {message("gallery.direction")}
        </Button>
      </header>
      <div className="grid xl:grid-cols-2">
        {(["light", "dark"] as const).map((theme) => (
          <section
            key={theme}
            data-theme={theme}
            aria-label={message(`gallery.${theme}`)}
            className="flex min-w-0 flex-col gap-8 bg-canvas p-6 text-text"
          >
            <h2 className="text-xl font-semibold">{message(`gallery.${theme}`)}</h2>
            <ActsGallery />
            <FormsGallery />
            <ListsGallery />
            <NewsGallery />
          </section>
        ))}
      </div>
    </main>
  );
}
