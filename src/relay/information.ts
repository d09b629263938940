import {
  relayFiltersMax,
  relayFutureSecondsMax,
  relayMessageBytesMax,
  relaySubscriptionIdLengthMax,
  relaySubscriptionsMax,
} from "../kernel/index.js";

/** The NIPs whose rules hold here. */
export const supportedNips: readonly number[] = [1, 9, 11, 40, 45, 50, 70];

export interface InformationOptions {
  name: string;
  version: string;
  /** Whether writing takes a token. */
  areWritesRestricted: boolean;
}

/** The document of NIP-11: what the relay is and what it takes. */
export function relayInformation({ name, version, areWritesRestricted }: InformationOptions) {
  return {
    name,
    description: "A store of Nostr events, held under a memory line.",
    supported_nips: supportedNips,
    software: "plimsoll",
    version,
    limitation: {
      max_message_length: relayMessageBytesMax,
      max_subscriptions: relaySubscriptionsMax,
      max_filters: relayFiltersMax,
      max_subid_length: relaySubscriptionIdLengthMax,
      created_at_upper_limit: relayFutureSecondsMax,
      auth_required: false,
      payment_required: false,
      restricted_writes: areWritesRestricted,
    },
  };
}
