import fc from 'fast-check';
import type { Template } from '../templates/template';
import { buildArgsOf } from './build-options';

const template = { name: 'node', buildOptions: [{ name: 'native', packages: ['make', 'g++'] }, { name: 'pdf', packages: ['ghostscript'] }] } as unknown as Template;
const nothing = { fileArgs: {}, flags: [], options: [] };

describe('buildArgsOf()', () => {
  it('lets flags win over the file, and splits them at the first =', () => {
    expect(buildArgsOf(template, { ...nothing, fileArgs: { A: '1', B: '2' }, flags: ['B=x=y', 'C='] })).toEqual({ A: '1', B: 'x=y', C: '' });
  });

  it('joins packages of arguments and options, each once', () => {
    const args = buildArgsOf(template, { ...nothing, fileArgs: { ADDITIONAL_PACKAGE: 'jq  make' }, options: ['native', 'pdf', 'native'] });
    expect(args).toEqual({ ADDITIONAL_PACKAGE: 'jq make g++ ghostscript' });
    expect(buildArgsOf(template, { ...nothing, flags: ['ADDITIONAL_PACKAGE=jq', 'ADDITIONAL_PACKAGE=curl'] })).toEqual({ ADDITIONAL_PACKAGE: 'jq curl' });
    expect(buildArgsOf(template, nothing)).toEqual({});
  });

  it('refuses an option that the template does not have, and names those it has', () => {
    expect(() => buildArgsOf(template, { ...nothing, options: ['dev'] })).toThrow('the template node has no build option "dev"; it has native, pdf');
    expect(() => buildArgsOf({ ...template, buildOptions: [] }, { ...nothing, options: ['dev'] })).toThrow('it has none');
  });

  it.each(['A', '=1', 'A B=1', ''])('refuses the flag %j', (flag) => {
    expect(() => buildArgsOf(template, { ...nothing, flags: [flag] })).toThrow('KEY=VALUE');
  });

  it('keeps every value as it is given', () => {
    fc.assert(fc.property(fc.string(), (value) => expect(buildArgsOf(template, { ...nothing, flags: [`A=${value}`] })).toEqual({ A: value })));
  });
});
