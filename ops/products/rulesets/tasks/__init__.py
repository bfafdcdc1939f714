"""The `rulesets` collection: rulesets, and single rules of them."""

from __future__ import annotations

from ops.products.rulesets.tasks import rules, rulesets

list_rulesets, info, list_rules = rulesets.list_rulesets, rulesets.info, rules.list_rules
add_rule, update_rule, delete_rule = rules.add_rule, rules.update_rule, rules.delete_rule
