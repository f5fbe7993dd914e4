import { useState } from "react";
import { Card } from "../../design/card.tsx";
import { Choices } from "../../design/choice.tsx";
import { changePreferences, preferences } from "../../browser/preferences.ts";
import { SelectField } from "../../design/field.tsx";
import { type Language, languageNames } from "../../messages/languages.ts";
import { useMessages } from "../../messages/use-messages.ts";

const exampleBytes = 1_234_567;

/** Each choice applies immediately. */
export function Appearance() {
  const { message, dateTime, size } = useMessages();
  const [chosen, setChosen] = useState(preferences());
  const choose = (change: Parameters<typeof changePreferences>[0]) => {
    changePreferences(change);
    setChosen(preferences());
  };
  const [now] = useState(() => Date.now());
  const languages = (Object.keys(languageNames) as Language[]).map((value) => ({ value, label: languageNames[value] }));
  return (
    <>
      <Card title={message("settings.theme")} about={message("settings.appearanceAbout")}>
        <Choices
          label={message("settings.theme")}
          isLabelHidden
          value={chosen.theme ?? "auto"}
          onChoose={(theme) => choose({ theme: theme === "auto" ? undefined : theme })}
          choices={[
            { value: "auto", label: message("settings.bySystem") },
            { value: "light", label: message("settings.light") },
            { value: "dark", label: message("settings.dark") },
          ]}
        />
      </Card>
      <Card
        title={message("settings.language")}
        about={message("settings.example", { time: dateTime(now), size: size(exampleBytes) })}
      >
        <div className="grid gap-4 sm:grid-cols-2">
          <SelectField
            label={message("settings.language")}
            value={chosen.language ?? "auto"}
            onChoose={(language) => choose({ language: language === "auto" ? undefined : language })}
            choices={[{ value: "auto" as const, label: message("settings.byBrowser") }, ...languages]}
          />
          <SelectField
            label={message("settings.hours")}
            value={chosen.hours ?? "auto"}
            onChoose={(hours) => choose({ hours: hours === "auto" ? undefined : hours })}
            choices={[
              { value: "auto", label: message("settings.byLanguage") },
              { value: "h12", label: message("settings.hours12") },
              { value: "h23", label: message("settings.hours24") },
            ]}
          />
          <SelectField
            label={message("settings.direction")}
            value={chosen.direction ?? "auto"}
            onChoose={(direction) => choose({ direction: direction === "auto" ? undefined : direction })}
            choices={[
              { value: "auto", label: message("settings.byLanguage") },
              { value: "ltr", label: message("settings.ltr") },
              { value: "rtl", label: message("settings.rtl") },
            ]}
          />
        </div>
      </Card>
    </>
  );
}
