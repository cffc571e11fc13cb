import { LIMITS } from '@hearsay/common/limits';
import { describe, expect, test } from 'vitest';
import { limitsWithin, openFilesMax } from '../src/open-files.js';

describe('the limits of a process that may open so many files', () => {
  test('are the ordinary ones where there are many, or nobody knows how many', () => {
    expect(limitsWithin(undefined)).toEqual(LIMITS);
    expect(limitsWithin(20_000)).toEqual(LIMITS);
  });

  test.each([64, 128, 256, 1_024, 4_096])('leave some of %i free for what is no link', (files) => {
    const limits = limitsWithin(files);
    for (const linksMax of [limits.seedLinksMax, limits.peerLinksMax]) {
      const most = linksMax + limits.lingeringLinksMax + limits.probesMax;
      expect(most).toBeLessThanOrEqual(Math.max(files - 60, 4));
    }
  });

  test('are above zero, however few they are, and lower nothing else', () => {
    const { seedLinksMax, peerLinksMax, lingeringLinksMax, ...others } = limitsWithin(8);
    const { probesMax, newcomerProbesMax, ...rest } = others;
    const lowered = [seedLinksMax, peerLinksMax, lingeringLinksMax, probesMax];
    expect(Math.min(...lowered)).toBeGreaterThan(0);
    // Or newcomers would have every place.
    expect(newcomerProbesMax).toBeLessThan(probesMax);
    expect(LIMITS).toMatchObject(rest);
  });

  test('never are above the ordinary ones', () => {
    for (const [name, value] of Object.entries(limitsWithin(9_000))) {
      expect(value).toBeLessThanOrEqual(LIMITS[name as keyof typeof LIMITS]);
    }
  });
});

test.runIf(process.platform === 'linux')('Linux tells how many files may be open', () => {
  expect(openFilesMax()).toBeGreaterThan(64);
});
