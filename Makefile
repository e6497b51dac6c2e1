# SPDX-License-Identifier: Apache-2.0
# The front door; Meson and Ninja do the work. `make`, `make demo`, `make check`, `make bench`, `make interop`, `make soak`.
BUILD ?= build

all: $(BUILD)/croze

$(BUILD)/build.ninja: | deps
	meson setup $(BUILD) >/dev/null

# ninja finds out itself what is to be done
$(BUILD)/croze: $(BUILD)/build.ninja FORCE
	@ninja -C $(BUILD) --quiet
	@ln -sf src/croze $(BUILD)/croze

deps:
	@tools/install-deps build

demo:
	@tools/install-deps build demo
	@$(MAKE) --no-print-directory all
	@CROZE=$(CURDIR)/$(BUILD)/croze examples/demo

check:
	@tools/install-deps build demo test
	@$(MAKE) --no-print-directory all
	@tests/run $(BUILD)

bench: all
	@CROZE=$(CURDIR)/$(BUILD)/croze tests/bench/run

interop: all
	@CROZE=$(CURDIR)/$(BUILD)/croze tests/interop/run

soak: all
	@tools/install-deps build demo test fuzz
	@CROZE_SOAK=1 tests/run $(BUILD)
	@tests/fuzz/run $${SOAK_FUZZ_SECONDS:-3600}

install: all
	@meson install -C $(BUILD)

clean:
	rm -rf $(BUILD) build-asan build-fuzz

FORCE:
.PHONY: all deps demo check bench interop soak install clean FORCE
