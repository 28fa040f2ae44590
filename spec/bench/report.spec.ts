/** The report and the picture of the bench. */

import { expect } from 'chai';
import { picture } from '../../bench/picture.ts';
import { fromJson, json, type Reported, table } from '../../bench/report.ts';
import { atMost } from '../../bench/targets.ts';

const cost = (...values: number[]) => [{ name: 'CPU of all a message', unit: 'µs', values }];

const result: Reported = {
  scenario: 'flood',
  about: '',
  variant: '',
  columns: [
    { subject: 'mqttrep', figures: cost(30, 10, 20) },
    { subject: "mosquitto's bridge", figures: cost(10) },
    { subject: 'MQTT.js script', figures: cost(Number.POSITIVE_INFINITY) },
    { subject: 'Node-RED', figures: [], note: 'is not <installed>' },
  ],
  targets: [...atMost('cost', 20, 12, 'µs'), ...atMost('cost', 20, 25, 'µs')],
};

describe('the report of the bench', () => {
  it("shows the median, the range, and the ratio to mosquitto's bridge", () => {
    expect(table(result)).to.contain('20 (10 … 30) 2×');
  });

  it('shows results that never arrived, missing figures, and the reason', () => {
    const shown = table(result);
    expect(shown).to.match(/\| +never \| +– \|/);
    expect(shown).to.contain('- Node-RED: is not <installed>');
  });

  it('reports for each target whether it was reached, with the figure', () => {
    expect(table(result)).to.contain('- MISSED: cost: at most 12 µs; measured: 20 µs');
    expect(table(result)).to.contain('- reached: cost: at most 25 µs; measured: 20 µs');
  });

  it('has no target if the figure to compare with was not measured', () => {
    expect(atMost('cost', 20, Number.NaN, 'µs')).to.deep.equal([]);
  });

  it('reads its own JSON back unchanged', () => {
    expect(fromJson(json([result]))).to.deep.equal([result]);
  });

  it('draws a bar for each subject, in a file without references', () => {
    const svg = picture([result]);
    expect(svg.match(/<rect /g)).to.have.length(4);
    expect(svg).to.contain('>20 µs<').and.to.contain('>never<').and.to.contain('prefers-color-scheme: dark');
    expect(svg).not.to.match(/href|<script|<image/);
  });

  it('leaves unmeasured panels out of the picture', () => {
    expect(picture([])).not.to.contain('<rect');
  });
});
