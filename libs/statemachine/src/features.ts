/**
 * The replicated features of a cluster, by number.
 *
 * A build supports the features 1 to `FEATURE_SUPPORTED`, all of them. The cluster has one number, kept
 * in the state and raised by a log entry once every member, learners too, is known through the log to
 * support it; it never falls. Apply may branch on that number alone, never on what a build supports, so
 * builds of different age that share a cluster do the same with every entry. A new feature takes the next
 * number here, and is asked for by `feature >= Feature.X` where an entry is applied.
 */

export const Feature = {
  /** `LeaseCheckpoint` entries: how much of a lease's time is left outlives a change of leader. */
  LEASE_CHECKPOINT: 1,
  /**
   * A voter leaves by a joint change that demotes it, and is removed once nobody counts its vote. Without
   * the feature a voter is removed in one step, and `leaving` of a `MemberChange` means nothing.
   */
  JOINT_REMOVAL: 2,
} as const;

/** The highest feature number this program can apply under. */
export const FEATURE_SUPPORTED = 2;

/** Why a build that supports less than the cluster needs must not take part, and what helps. */
export function featureTooLow(needed: number, supported: number): string {
  return (
    `this cluster uses feature number ${needed}, this build supports up to ${supported}: ` +
    `start a build that supports ${needed}; the number never falls, so the upgrade that raised it ` +
    'cannot be rolled back on this data'
  );
}
