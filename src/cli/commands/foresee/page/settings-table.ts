/**
 * The tunables of the kernel that is followed: what they were in the runs, and what they are if
 * nobody sets them. What was set comes first.
 */
import type { KernelProfile } from '../../../../ksm/kernels.js';
import { TUNABLES } from '../../../../ksm/records/tunable-records.js';
import { tunableNames, tunableValueNames } from '../../../../ksm/tunables.js';
import { POLICIES } from '../../../../names.js';
import type { Run } from '../../../../predict/outcome.js';
import { chosenBy } from '../../../../predict/policy.js';
import type { Told } from '../prediction-told.js';
import { html, type Markup } from './markup.js';

/** The scanner scans: not what a kernel starts with. */
const SCANNING = { run: '1' };
const NO_VALUE = '–';

export function settingsTable({ runs, kernel, header: { facts } }: Told): Markup {
  const initial = initialValues(kernel.profile);
  const named = runs.flatMap(({ settings }) => Object.keys(settings));
  const rows = [...new Set([...named, ...initial.keys()])].map((name) => {
    const ifNotSet = initial.get(name) ?? facts[name] ?? NO_VALUE;
    const values = new Set(runs.map((run) => settingOf(run, name) ?? ifNotSet));
    return { name, here: [...values].join(', '), ifNotSet };
  });
  const isSet = ({ name, here, ifNotSet }: (typeof rows)[number]): boolean =>
    named.includes(name) || here !== ifNotSet;
  const inOrder = [...rows.filter(isSet), ...rows.filter((row) => !isSet(row))];
  const head = ['Tunable', 'Here', 'If not set'].map((text) => html`<th scope="col">${text}</th>`);
  return html`<section class="wide" tabindex="0" aria-label="Tunables">
<table class="settings">
<thead><tr>${head}</tr></thead>
<tbody>
${inOrder.map(
  (row) => html`<tr class="${isSet(row) ? 'named' : ''}">
<th scope="row">${breakable(row.name)}</th><td>${row.here}</td><td>${row.ifNotSet}</td></tr>
`,
)}</tbody>
</table>
</section>`;
}

/** On a narrow screen a long name goes on below, between two of its words. */
function breakable(name: string): readonly Markup[] {
  return name.split(/(?<=[_/])/).map((word) => html`${word}<wbr>`);
}

/** Undefined where nobody sets it. */
function settingOf({ settings }: Run, name: string): string | undefined {
  const [named] = settings.policy?.split(':') ?? [];
  const policy = POLICIES.find((each) => each === named);
  return policy !== undefined && chosenBy(policy).includes(name)
    ? 'as the policy sets it'
    : { ...SCANNING, ...settings }[name];
}

/** Of the kernel's own tunables. */
function initialValues(profile: KernelProfile): Map<string, string> {
  return new Map(
    tunableNames(profile).flatMap((name) => {
      const { since, initial } = TUNABLES[name];
      const text = tunableValueNames(name)?.[initial] ?? String(initial);
      return since === 'ksmd' ? [] : [[name, text] as const];
    }),
  );
}
