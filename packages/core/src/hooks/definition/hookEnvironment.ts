import type { Hook } from "../Hook.ts"
import { rowOf } from "../HookEvents.ts"

/** Variables that make a program load or run other code than its own; no hook gets them, whoever set them. */
export const loadsCode = (name: string): boolean => codeLoading.has(name.toUpperCase()) || /^(LD_|DYLD_|BASH_FUNC_)/i.test(name)

const codeLoading = new Set(
  (
    "BASH_ENV ENV SHELLOPTS BASHOPTS PS4 PROMPT_COMMAND IFS CDPATH GLOBIGNORE ZDOTDIR FPATH PERL5OPT PERL5LIB PERLLIB PYTHONSTARTUP PYTHONHOME RUBYOPT RUBYLIB " +
    "NODE_OPTIONS BUN_OPTIONS JAVA_TOOL_OPTIONS _JAVA_OPTIONS JDK_JAVA_OPTIONS GCONV_PATH GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_EXEC_PATH GIT_SSH GIT_SSH_COMMAND " +
    "GIT_EXTERNAL_DIFF GIT_CONFIG GIT_CONFIG_GLOBAL GIT_CONFIG_SYSTEM GIT_CONFIG_COUNT GIT_CONFIG_PARAMETERS GIT_ASKPASS SSH_ASKPASS EDITOR VISUAL PAGER"
  ).split(" ")
)

/** Variables by which programs are found and know their user, language and installations; no secrets by their names. */
const allowed = new Set(
  (
    "PATH HOME USER LOGNAME SHELL LANG LANGUAGE TZ TMPDIR TEMP TMP TERM COLORTERM NO_COLOR FORCE_COLOR CI HOSTNAME PWD XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME " +
    "XDG_STATE_HOME XDG_RUNTIME_DIR XDG_DATA_DIRS XDG_CONFIG_DIRS HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY http_proxy https_proxy no_proxy all_proxy SSL_CERT_FILE " +
    "SSL_CERT_DIR NODE_EXTRA_CA_CERTS REQUESTS_CA_BUNDLE CURL_CA_BUNDLE NODE_ENV NODE_PATH NVM_DIR NVM_BIN VOLTA_HOME FNM_DIR FNM_MULTISHELL_PATH N_PREFIX PNPM_HOME " +
    "BUN_INSTALL DENO_DIR DENO_INSTALL YARN_CACHE_FOLDER COREPACK_HOME PYENV_ROOT VIRTUAL_ENV CONDA_PREFIX CONDA_DEFAULT_ENV POETRY_HOME PIPX_HOME UV_CACHE_DIR " +
    "UV_PYTHON RBENV_ROOT GEM_HOME GEM_PATH BUNDLE_PATH BUNDLE_GEMFILE JAVA_HOME GRADLE_USER_HOME GRADLE_HOME MAVEN_HOME M2_HOME SDKMAN_DIR ANDROID_HOME " +
    "ANDROID_SDK_ROOT GOPATH GOROOT GOBIN GOCACHE GOMODCACHE GOFLAGS GOPROXY GOPRIVATE CARGO_HOME CARGO_TARGET_DIR RUSTUP_HOME RUSTUP_TOOLCHAIN DOTNET_ROOT " +
    "NUGET_PACKAGES MIX_HOME HEX_HOME COMPOSER_HOME ASDF_DIR ASDF_DATA_DIR MISE_DATA_DIR MISE_CONFIG_DIR HOMEBREW_PREFIX NIX_PATH NIX_PROFILES NIX_SSL_CERT_FILE " +
    "DOCKER_HOST DOCKER_CONTEXT KUBECONFIG PLAYWRIGHT_BROWSERS_PATH DISPLAY WAYLAND_DISPLAY " +
    "CLAUDECODE CLAUDE_PROJECT_DIR CLAUDE_CONFIG_DIR CLAUDE_CODE_SESSION_ID CLAUDE_CODE_ENTRYPOINT CLAUDE_CODE_SESSION_ATTENDED CLAUDE_CODE_CHILD_SESSION " +
    "CLAUDE_CODE_REMOTE CLAUDE_EFFORT AI_AGENT HAN_HOME"
  ).split(" ")
)

const isAllowed = (name: string): boolean => allowed.has(name) || /^LC_[A-Z]+$/.test(name)

export interface HookSetting {
  /** The caller's. */
  readonly environment: Readonly<Record<string, string>>
  readonly event: string | null
  readonly projectPath: string
  readonly sessionId: string | null
}

/** Makes the environment of a hook's commands: of the caller's variables those on the list and those that the hook declares, and those of Claude Code and han about the call. */
export const environmentOf = (hook: Pick<Hook, "environment" | "root">, setting: HookSetting): Record<string, string> => {
  const found: Record<string, string> = {}
  for (const [name, value] of Object.entries(setting.environment)) {
    if (value.includes("\0") || loadsCode(name)) continue
    if (isAllowed(name) || hook.environment.includes(name)) found[name] = value
  }
  const envFile = setting.environment["CLAUDE_ENV_FILE"]
  if (envFile !== undefined && rowOf(setting.event)?.setsVariables === true) found["CLAUDE_ENV_FILE"] = envFile
  return {
    ...found,
    CLAUDE_PROJECT_DIR: setting.projectPath,
    CLAUDE_PLUGIN_ROOT: hook.root,
    ...(setting.event === null ? {} : { HAN_EVENT: setting.event }),
    ...(setting.sessionId === null ? {} : { HAN_SESSION_ID: setting.sessionId })
  }
}
