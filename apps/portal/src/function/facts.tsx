import './facts.css';
import type { ComponentChildren } from 'preact';

/** A fact without a value is left out. */
export type Fact = readonly [name: ComponentChildren, value: ComponentChildren];

/** Names and values, as a table: it is copied in rows. @param label what they are about, for screen readers. */
export function Facts({ label, of }: { readonly label: string; readonly of: readonly Fact[] }) {
  return (
    <table class="facts" aria-label={label}>
      <tbody>
        {of
          .filter(([, value]) => value !== undefined && value !== '')
          .map(([name, value], index) => (
            <tr key={index}>
              <th scope="row">{name}</th>
              <td>{value}</td>
            </tr>
          ))}
      </tbody>
    </table>
  );
}
