"""Everything that is tried, by name. `bin/mutate` tries the same on databases in which something has been broken."""

from collections.abc import Callable, Iterator

from tests.isolation import functions, rows, schema, teams
from tests.isolation.site import Site

Probe = Callable[[Site], Iterator[str]]

# What the catalogue says, in milliseconds; then what happens when somebody tries.
OF_THE_SCHEMA: tuple[Probe, ...] = (
    schema.tables_without_row_security,
    schema.rows_that_say_not_whose_they_are,
    schema.references_across_workspaces,
    schema.names_that_tell_of_others,
    schema.grants_without_a_policy,
    schema.policies_for_everybody,
    schema.histories_that_can_be_rewritten,
    schema.visitors_with_whole_tables,
    schema.grants_that_go_round_row_security,
    schema.doors_to_other_schemas,
    schema.functions_that_are_open,
    schema.functions_that_ask_nobody,
    schema.logins_that_could_rise,
    schema.views_with_their_owners_eyes,
)
OF_ROWS: tuple[Probe, ...] = (
    rows.own_rows,
    rows.rows_moved_elsewhere,
    rows.visitors_of_one_workspace,
    rows.visitors_impersonating,
    rows.members_of_one_workspace,
    rows.accounts_past_the_grants,
    rows.strangers_past_the_grants,
    rows.strangers_through_the_apps_logins,
)
OF_FUNCTIONS: tuple[Probe, ...] = (
    teams.acts_that_reach_the_other_workspace,
    teams.acts_that_know_of_other_teams,
    teams.acts_above_ones_role,
    teams.ends_that_come_too_early,
    teams.locks_on_the_other_workspace,
    teams.acts_in_anothers_name,
    teams.mails_of_no_job,
    functions.visitors_from_elsewhere,
    functions.tenants_with_anothers_ids,
    functions.strangers_in_this_workspace,
    functions.system_with_what_nobody_has,
    functions.system_with_ones_own_ids,
)

PROBES = OF_THE_SCHEMA + OF_ROWS + OF_FUNCTIONS
