import { log } from "../log.js";

/**
 * A function of the application's that judges, made safe to ask for each exchange: where it throws, or answers with none of the
 * words that mean something, the default decides. That is logged once; `undefined` leaves it to the default without a word.
 * @param name for the log: `outcome`.
 */
export function asked<A, R>(
  name: string,
  ask: (about: A) => R,
  isAnswer: (answer: unknown) => boolean,
  otherwise: (about: A) => R,
): (about: A) => R {
  let said = false;
  const say = (err: unknown) => {
    if (said) return;
    said = true;
    log.error({ err }, `${name}() failed: the default decides where it does (said once)`);
  };
  return (about) => {
    try {
      const answer = ask(about);
      if (isAnswer(answer)) return answer;
      if (answer !== undefined) say(new TypeError(`it answered ${String(answer)}`));
    } catch (error) {
      say(error);
    }
    return otherwise(about);
  };
}
