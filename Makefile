# 知客 Zhike. Two commands matter: `make run` and `make test`. Both start from a bare checkout
# and need only make and some python3 with venv; nothing that is current is done again.

PYTHON3 ?= python3
ENV     := .venv
PY      := $(ENV)/bin/python
UV      := .venv-uv/bin/uv
export RASA_TELEMETRY_ENABLED := false
export TF_CPP_MIN_LOG_LEVEL := 3
export PYTHONWARNINGS := ignore

.PHONY: run test check train bench clean lock ui
.DELETE_ON_ERROR:

run: $(ENV)/.runtime ui/dist/.built
	@$(ENV)/bin/zhike up

test: check
	@$(PY) tests/run_all.py

check: $(ENV)/.tests ui/dist/.built
	@echo '== 格式与静态检查'
	@$(ENV)/bin/ruff format --check --quiet care bot actions tests bench
	@$(ENV)/bin/ruff check --quiet care bot actions tests bench
	@$(ENV)/bin/mypy --no-error-summary care bot actions
	@$(ENV)/bin/lint-imports --no-logo > var/lint-imports.log || { cat var/lint-imports.log; exit 1; }
	@PATH="$$(PYTHON3=$(PYTHON3) deploy/bring-node):$$PATH" npm --prefix ui run --silent check
	@$(PY) -m pytest -q tests/contract

train: $(ENV)/.runtime
	@$(ENV)/bin/zhike train

bench: $(ENV)/.tests
	@$(PY) -m bench

ui: ui/dist/.built

clean:
	rm -rf .venv .venv-uv .venv-node .rasa ui/node_modules ui/dist tests/browser/node_modules \
	  var test-artifacts .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
	find models -type f ! -name .gitkeep -delete
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv-uv/.done: requirements-uv.lock
	@echo '== 准备安装工具 uv'
	@$(PYTHON3) -m venv .venv-uv
	@.venv-uv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@touch $@

$(ENV)/.runtime: requirements.lock pyproject.toml .python-version | .venv-uv/.done
	@echo '== 准备 Python 3.10 与运行所需的包(首次约需几分钟)'
	@test -x $(PY) || $(UV) venv --quiet --python "$$(cat .python-version)" $(ENV)
	@$(UV) pip install --quiet --python $(PY) --no-deps --require-hashes -r requirements.lock
	@$(UV) pip install --quiet --python $(PY) --no-deps --no-build-isolation --editable .
	@mkdir -p var
	@touch $@

$(ENV)/.tests: requirements-dev.lock $(ENV)/.runtime
	@echo '== 准备测试所需的包'
	@$(UV) pip install --quiet --python $(PY) --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

UI_SOURCES := $(shell find ui -type f -not -path 'ui/node_modules/*' -not -path 'ui/dist/*' 2>/dev/null)
ui/node_modules/.installed: ui/package-lock.json
	@echo '== 准备前端所需的包'
	@PATH="$$(PYTHON3=$(PYTHON3) deploy/bring-node):$$PATH" npm --prefix ui ci --silent --no-audit --no-fund
	@touch $@

ui/dist/.built: ui/node_modules/.installed $(UI_SOURCES)
	@echo '== 构建前端'
	@PATH="$$(PYTHON3=$(PYTHON3) deploy/bring-node):$$PATH" npm --prefix ui run --silent build
	@touch $@

# Pins by version and hash, no addresses. Run after editing a requirements*.in or overrides.txt.
lock: .venv-uv/.done
	@for name in requirements requirements-dev; do \
	  $(UV) pip compile $$name.in --quiet --universal --python-version 3.10 --override overrides.txt \
	    --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links -o $$name.lock; \
	done
