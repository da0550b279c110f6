/** What a process held at one instant. */
export interface Sample {
  /** Since the first. */
  readonly minutes: number;
  readonly mebibytes: number;
  readonly files: number;
}

/** The slope of resident memory in MiB a minute, by least squares: one late collection of garbage is no growth. */
export function growthPerMinute(samples: readonly Pick<Sample, 'minutes' | 'mebibytes'>[]): number {
  const count = samples.length;
  if (count < 2) return 0;
  const mean = (of: (sample: Pick<Sample, 'minutes' | 'mebibytes'>) => number): number =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / count;
  const [time, memory] = [mean(({ minutes }) => minutes), mean(({ mebibytes }) => mebibytes)];
  const varies = mean(({ minutes }) => (minutes - time) ** 2);
  return varies === 0 ? 0 : mean(({ minutes, mebibytes }) => (minutes - time) * (mebibytes - memory)) / varies;
}
