import { type FormEvent, useState } from "react";
import { ApiError, signIn, toFailure } from "@/api/client";
import type { Failure } from "@/api/types";
import { useI18n } from "@/i18n";
import { Button } from "@/ui/button";
import { FailureNote } from "@/ui/failure";
import { Logo } from "./logo";

/** Shown when the server wants a key. The key goes to the server once; a cookie that no script can read stands for it. */
export function LoginPage({ onSignedIn }: { onSignedIn: () => void }) {
  const { t } = useI18n();
  const [key, setKey] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [isWrong, setWrong] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!key.trim() || isBusy) return;
    setBusy(true);
    setWrong(false);
    setFailure(null);
    try {
      await signIn(key.trim());
      onSignedIn();
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) setWrong(true);
      else setFailure(toFailure(error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <main className="flex min-h-full items-center justify-center p-5">
      <form onSubmit={submit} className="w-full max-w-sm rounded-2xl border border-line bg-raised p-7 shadow-float">
        <Logo size={40} />
        <h1 className="mt-5 text-2xl font-semibold">{t("login.title")}</h1>
        <p className="mt-1 text-sm text-ink-2">{t("login.text")}</p>
        <label htmlFor="key" className="mt-5 block text-sm font-medium">
          {t("login.key")}
        </label>
        <input
          id="key"
          type="password"
          autoComplete="current-password"
          autoFocus
          value={key}
          onChange={(event) => setKey(event.target.value)}
          aria-invalid={isWrong}
          aria-describedby={isWrong ? "key-error" : undefined}
          className="mt-1.5 h-11 w-full rounded-lg border border-line-strong bg-paper px-3 font-mono text-base"
        />
        {isWrong ? (
          <p id="key-error" role="alert" className="mt-2 text-sm text-bad">
            {t("login.wrong")}
          </p>
        ) : null}
        {failure ? (
          <div className="mt-3">
            <FailureNote failure={failure} />
          </div>
        ) : null}
        <Button type="submit" kind="solid" className="mt-5 w-full" disabled={isBusy || !key.trim()}>
          {t("login.submit")}
        </Button>
      </form>
    </main>
  );
}
