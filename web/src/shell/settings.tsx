import { useQuery } from "@tanstack/react-query";
import { RadioGroup } from "radix-ui";
import { type ReactNode, useId } from "react";
import { loadHealth, loadMe, signOut } from "@/api/client";
import { type LanguageChoice, useI18n } from "@/i18n";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { type Theme, useTheme } from "@/ui/theme";

interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  options: readonly (readonly [T, string])[];
  onChange: (value: T) => void;
}

function Choice<T extends string>({ label, value, options, onChange }: ChoiceProps<T>) {
  const id = useId();
  return (
    <div className="mt-4 first:mt-0">
      <h3 id={id} className="text-sm font-medium">
        {label}
      </h3>
      <RadioGroup.Root
        aria-labelledby={id}
        value={value}
        onValueChange={(next) => onChange(next as T)}
        className="mt-1.5 grid auto-cols-fr grid-flow-col gap-1 rounded-xl bg-sunken p-1"
      >
        {options.map(([option, words]) => (
          <RadioGroup.Item
            key={option}
            value={option}
            className="min-h-9 rounded-lg px-2 text-sm text-ink-2 data-[state=checked]:bg-raised data-[state=checked]:font-medium data-[state=checked]:text-ink data-[state=checked]:shadow-[0_0_0_1px_var(--line-strong)] pointer-coarse:min-h-11"
          >
            {words}
          </RadioGroup.Item>
        ))}
      </RadioGroup.Root>
    </div>
  );
}

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="flex justify-between gap-4 py-1">
      <dt className="text-ink-2">{name}</dt>
      <dd className="text-right">{children}</dd>
    </div>
  );
}

const KEY = "rounded-md border border-line-strong bg-sunken px-1.5 py-0.5 font-sans text-xs";

export function SettingsDialog({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const { t, choice, choose, language } = useI18n();
  const [theme, chooseTheme] = useTheme();
  const health = useQuery({ queryKey: ["health"], queryFn: ({ signal }) => loadHealth(signal), enabled: open });
  const me = useQuery({ queryKey: ["me"], queryFn: ({ signal }) => loadMe(signal), staleTime: Infinity });
  const number = new Intl.NumberFormat(language);
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={t("settings.title")} wide>
      <Choice<LanguageChoice>
        label={t("settings.language")}
        value={choice}
        onChange={choose}
        options={[
          ["auto", t("settings.languageAuto")],
          ["ko", "한국어"],
          ["en", "English"],
        ]}
      />
      <Choice<Theme>
        label={t("settings.theme")}
        value={theme}
        onChange={chooseTheme}
        options={[
          ["system", t("settings.themeSystem")],
          ["light", t("settings.themeLight")],
          ["dark", t("settings.themeDark")],
        ]}
      />
      <h3 className="mt-5 text-sm font-medium">{t("settings.keys")}</h3>
      <dl className="mt-1 text-sm">
        <Row name={t("settings.keySend")}>
          <kbd className={KEY}>Enter</kbd>
        </Row>
        <Row name={t("settings.keyNewline")}>
          <kbd className={KEY}>Shift</kbd> + <kbd className={KEY}>Enter</kbd>
        </Row>
        <Row name={t("settings.keyClose")}>
          <kbd className={KEY}>Esc</kbd>
        </Row>
      </dl>
      <h3 className="mt-5 text-sm font-medium">{t("settings.about")}</h3>
      <dl className="mt-1 text-sm">
        {me.data ? <Row name={t("settings.you")}>{`${me.data.name} (${me.data.label})`}</Row> : null}
        {health.data ? (
          <>
            <Row name={t("settings.version")}>{health.data.version ?? ""}</Row>
            <Row name={t("settings.documents")}>{number.format(health.data.documents ?? 0)}</Row>
            <Row name={t("settings.passages")}>{number.format(health.data.chunks ?? 0)}</Row>
            <Row name={t("settings.chatModel")}>{health.data.chat_model ?? t("model.extractive")}</Row>
            <Row name={t("settings.embedModel")}>{health.data.embed_model ?? t("settings.none")}</Row>
          </>
        ) : null}
      </dl>
      <p className="mt-4 text-sm text-ink-2">{t("settings.private")}</p>
      {me.data?.session ? (
        <Button className="mt-4" onClick={() => void signOut().finally(() => window.location.reload())}>
          {t("login.signOut")}
        </Button>
      ) : null}
    </Dialog>
  );
}
