// Keeps a connection logged in (KIP-368): a login that expires is renewed on the same connection, and requests wait
// meanwhile, in order. It knows nothing of SASL mechanisms.

import type { RequestChannel } from "./request_channel.ts";
import type { RequestFrame, ResponseFrame } from "../protocol/frame.ts";

/** Logs in over the channel. @returns how long the login is valid, in milliseconds; 0 if it does not expire */
export type Login = (channel: RequestChannel) => Promise<number>;

/** A login is renewed after this part of its lifetime, so that requests in flight are answered before it expires. */
const LOGIN_USED = 0.8;
/**
 * How often a login is tried in a row: if its answer takes longer than its lifetime, it has expired before it can be
 * used.
 */
const RENEWALS_IN_A_ROW = 3;

/** A connection's login, and the requests that wait for its renewal. */
export interface LoginRenewal {
  /** Number of requests that wait for a renewal. */
  readonly heldBack: number;
  /** Logs in, and again whenever the last login is about to expire. @throws what the first `login` throws */
  logIn(login: Login): Promise<void>;
  /** Sends a request, after a renewal if one is due or under way. */
  send(frame: RequestFrame): Promise<ResponseFrame>;
}

/** What the renewal asks of its connection, and tells it. */
export interface LoginRenewalOptions {
  /** Whether the connection has ended: then nothing is renewed. */
  readonly ended: () => boolean;
  /** A renewal has failed. */
  readonly onError: (error: unknown) => void;
}

/** @param channel sends at once, before the requests that wait */
export function createLoginRenewal(
  channel: RequestChannel,
  { ended, onError }: LoginRenewalOptions,
): LoginRenewal {
  let login: Login | undefined;
  let dueAt = Infinity;
  /** Requests that wait for the renewal, oldest first; undefined while no renewal is under way. */
  let heldBack: (() => void)[] | undefined;

  async function logInNow(): Promise<void> {
    // The broker counts the lifetime from before it answers, and the answer may take long to arrive.
    const began = performance.now();
    const lifetimeMs = await login?.(channel) ?? 0;
    dueAt = lifetimeMs > 0 ? began + lifetimeMs * LOGIN_USED : Infinity;
  }

  async function renewUntilValid(): Promise<void> {
    for (let times = 0; times < RENEWALS_IN_A_ROW && !ended(); times++) {
      await logInNow();
      if (performance.now() < dueAt) return;
    }
  }

  function renew(): void {
    dueAt = Infinity;
    heldBack = [];
    renewUntilValid().catch(onError).finally(() => {
      // All are sent at once, so that no later request overtakes an earlier one; after an error they fail.
      const held = heldBack ?? [];
      heldBack = undefined;
      for (const go of held) go();
    });
  }

  return {
    get heldBack() {
      return heldBack?.length ?? 0;
    },
    async logIn(first) {
      login = first;
      await logInNow();
    },
    send(frame) {
      // Brokers check a login only when a request arrives: the login of an idle connection may have expired and is
      // renewed here, too.
      if (performance.now() >= dueAt && !ended()) renew();
      const { promise, resolve } = Promise.withResolvers<ResponseFrame>();
      const go = () => resolve(channel.send(frame));
      if (heldBack === undefined) go();
      else heldBack.push(go);
      return promise;
    },
  };
}
