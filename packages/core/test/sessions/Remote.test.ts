import { canonicalRemote } from "han-core/Remote"
import { assert, it } from "vitest"

it("A remote in any of its spellings is one name without credentials", () => {
  const same = [
    "https://github.com/owner/name.git",
    "https://user:ghp_secret@github.com/owner/name.git",
    "https://ghp_secret@GitHub.com:443/owner/name/",
    "git@github.com:owner/name.git",
    "ssh://git@github.com:22/owner/name.git",
    "github.com:owner/name",
    "https://github.com/Owner/NAME.git",
    "git://github.com/owner/name?token=secret",
    "git+ssh://git@github.com/owner/name.git"
  ]
  for (const remote of same) assert.strictEqual(canonicalRemote(remote), "github.com/owner/name", remote)
  assert.strictEqual(canonicalRemote("https://u:p%40ss@gitlab.example:8443/group/sub/name.git"), "gitlab.example/group/sub/name")
  assert.strictEqual(canonicalRemote("https://u:p@ss@example.org/a/b"), "example.org/a/b")
  for (const local of ["/srv/git/name.git", "../name", "file:///srv/git/name.git", "C:/git/name", ""]) assert.isNull(canonicalRemote(local), local)
})
