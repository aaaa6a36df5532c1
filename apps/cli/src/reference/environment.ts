/** What commands read of the environment, for `docs/cli.md`; a spec compares it with the sources. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  SHOAL_GATEWAY: 'the gateway, unless `--gateway` or the stack file names one',
  OPENFAAS_URL: 'the same; SHOAL_GATEWAY comes first',
  SHOAL_HOME: 'the data directory that `restore` makes, unless `--home` names one; `.shoal` without both',
  SHOAL_CONFIG: 'the folder of `config.yml`, instead of `~/.shoal`',
  OPENFAAS_CONFIG: "the folder of faas-cli's `config.yml`, instead of `~/.openfaas`; it is only read",
  CI: "with `true` or `1`, faas-cli's `config.yml` is looked for in `./.openfaas`",
  OPENFAAS_PREFIX: 'comes before the names of images that `new` writes, unless `--prefix` says another',
  OPENFAAS_TEMPLATE_URL: 'where `template pull` takes templates from, unless it is told: a Git repository or a folder',
  OPENFAAS_TEMPLATE_STORE_URL: 'the template store: a URL or a file',
  PATH: 'where programs such as docker, git and those that templates need are looked for',
  NO_COLOR: 'anything: no colours',
  FORCE_COLOR: 'anything but `0`: colours even where the output is no terminal',
  TERM: '`dumb`: no colours',
  LC_ALL: 'whether the terminal shows UTF-8; else plain ASCII is written',
  LC_CTYPE: 'the same, unless LC_ALL is set',
  LANG: 'the same, unless LC_ALL or LC_CTYPE is set',
};
