"""Print a formula of Homebrew for a release: `formula.py DIST VERSION ADDRESS`. It was never run by `brew`.

ADDRESS is that of the repository, below which the files of DIST are released.
"""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path

FORMULA = """class Cfops < Formula
  include Language::Python::Virtualenv

  desc "Commands for Cloudflare accounts"
  homepage "{address}"
  url "{files}/{sdist}"
  sha256 "{sdist_hash}"
  license "MIT"

  depends_on "rust" => :build
  depends_on "python@3.13"

  resource "wheel" do
    url "{files}/{wheel}"
    sha256 "{wheel_hash}"
  end

  def install
    virtualenv_create(libexec, "python3.13")
    pip = ["python3.13", "-m", "pip", "--python=#{{libexec}}/bin/python", "install", "--no-deps"]
    system(*pip, "--require-hashes", "-r", ".ci/requirements.lock")
    resource("wheel").stage {{ system(*pip, Dir["*.whl"].first) }}
    bin.install_symlink libexec/"bin/cfops"
    man1.install ".packaging/share/man/man1/cfops.1"
    bash_completion.install ".packaging/share/bash-completion/completions/cfops"
    zsh_completion.install ".packaging/share/zsh/site-functions/_cfops"
    fish_completion.install ".packaging/share/fish/vendor_completions.d/cfops.fish"
  end

  test do
    assert_match "example.com", shell_output("#{{bin}}/cfops sandbox zones.list")
  end
end
"""


def main(dist: Path, version: str, address: str) -> None:
    sdist, wheel = (next(dist.glob(f"cfops-{version}{end}")) for end in (".tar.gz", "-*.whl"))
    text = FORMULA.format(
        address=address,
        files=f"{address}/releases/download/v{version}",
        sdist=sdist.name,
        wheel=wheel.name,
        sdist_hash=sha256(sdist.read_bytes()).hexdigest(),
        wheel_hash=sha256(wheel.read_bytes()).hexdigest(),
    )
    print(text, end="")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
