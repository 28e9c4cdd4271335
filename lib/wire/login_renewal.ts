// Keeps a connection logged in (KIP-368): where a login is valid for a limited time it is renewed on the same
// connection, and requests are held back meanwhile, in order. It knows nothing of mechanisms.

import type { RequestChannel } from "./request_channel.ts";
import type { RequestFrame, ResponseFrame } from "../protocol/frame.ts";

/** Logs in over the channel. @returns how long that is valid, milliseconds; 0: as long as the connection */
export type Login = (channel: RequestChannel) => Promise<number>;

/** A login is renewed after this part of its time, so that what is under way is answered before it ends. */
const LOGIN_USED = 0.8;
/** So often in a row: a login whose answer took longer than it is valid has run out before it can be used. */
const RENEWALS_IN_A_ROW = 3;

/** A connection's login, and the requests that wait for a new one. */
export interface LoginRenewal {
  /** Number of requests held back. */
  readonly heldBack: number;
  /** Logs in, and again whenever the time of the last login runs out. @throws what `login` throws */
  logIn(login: Login): Promise<void>;
  /** Sends a request, behind a renewal where one is due or under way. */
  send(frame: RequestFrame): Promise<ResponseFrame>;
}

/** What the connection knows, and is told. */
export interface LoginRenewalOptions {
  /** Whether the connection has ended: nothing is renewed then. */
  readonly ended: () => boolean;
  /** A renewal has failed. */
  readonly onError: (error: unknown) => void;
}

/** @param channel sends at once, past the requests held back */
export function createLoginRenewal(
  channel: RequestChannel,
  { ended, onError }: LoginRenewalOptions,
): LoginRenewal {
  let login: Login | undefined;
  let dueAt = Infinity;
  /** Requests that wait for a new login, oldest first; absent while none is under way. */
  let heldBack: (() => void)[] | undefined;

  async function logInNow(): Promise<void> {
    // The answer may have been long under way: the broker counts from before it.
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
      // All at once, so that no later request overtakes an earlier one; after an error they fail.
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
      // Brokers look at a login when a request arrives: an idle connection may outlive it and is renewed here, too.
      if (performance.now() >= dueAt && !ended()) renew();
      const { promise, resolve } = Promise.withResolvers<ResponseFrame>();
      const go = () => resolve(channel.send(frame));
      if (heldBack === undefined) go();
      else heldBack.push(go);
      return promise;
    },
  };
}
