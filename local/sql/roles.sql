-- Schemas and least-privilege roles: one owner a schema, one writer a role.
-- Run once, by a superuser, in the analytics database; safe to run again.
-- Passwords are set apart (alter role .. password ..), so that this file holds no secret.

do $$
declare
    role_name text;
begin
    foreach role_name in array array[
        'preorders_app', 'preorders_dbt', 'preorders_publisher', 'preorders_service', 'preorders_api',
        'preorders_exports', 'preorders_rates', 'preorders_dagster', 'preorders_replicator', 'preorders_reader',
        'preorders_analyst'
    ]
    loop
        if not exists (select from pg_roles where rolname = role_name) then
            execute format('create role %I', role_name);
        end if;
    end loop;
end
$$;

alter role preorders_app login;
alter role preorders_dbt login;
alter role preorders_publisher login;
alter role preorders_service login;
alter role preorders_api login;
alter role preorders_exports login;
alter role preorders_rates login;
alter role preorders_dagster login;
alter role preorders_replicator login replication;
alter role preorders_analyst login;

create schema if not exists app authorization preorders_app;
create schema if not exists analytics authorization preorders_dbt;
create schema if not exists reports authorization preorders_publisher;
create schema if not exists service authorization preorders_service;
revoke create on schema public from public;

-- dbt reads the source, and sees when other sessions' transactions began: a transaction that was open
-- during a build may commit rows whose updated_at is older than that build.
grant usage on schema app to preorders_dbt;
grant select on all tables in schema app to preorders_dbt;
alter default privileges for role preorders_app in schema app grant select on tables to preorders_dbt;
grant pg_read_all_stats to preorders_dbt;

-- An analyst builds models in a schema of their own, and can write to no other.
do $$
begin
    execute format('grant create on database %I to preorders_analyst', current_database());
end
$$;
grant pg_read_all_stats to preorders_analyst;
grant usage on schema app, analytics to preorders_analyst;
grant select on all tables in schema app, analytics to preorders_analyst;
alter default privileges for role preorders_app in schema app grant select on tables to preorders_analyst;
alter default privileges for role preorders_dbt in schema analytics grant select on tables to preorders_analyst;

-- What loads exchange rates may write that one table of the application (granted by its owner) and nothing else.
grant usage on schema app to preorders_rates;

-- The publish step copies what dbt built and audited.
grant usage on schema analytics to preorders_publisher;
alter default privileges for role preorders_dbt in schema analytics
grant select on tables to preorders_publisher;

-- The API and the exports read what is published, as members of one role that the policies of its tables name.
grant usage on schema reports to preorders_reader;
alter default privileges for role preorders_publisher in schema reports
grant select on tables to preorders_reader;
grant preorders_reader to preorders_api, preorders_exports;

-- What the API and the exports may do to each table of this schema stands in its migrations.
grant usage on schema service to preorders_api, preorders_exports;

alter role preorders_dbt set statement_timeout = '1h';
alter role preorders_dbt set lock_timeout = '30s';
alter role preorders_analyst set statement_timeout = '1h';
alter role preorders_analyst set lock_timeout = '30s';
alter role preorders_publisher set statement_timeout = '30min';
alter role preorders_publisher set lock_timeout = '30s';
alter role preorders_api set statement_timeout = '10s';
alter role preorders_api set lock_timeout = '2s';
alter role preorders_api set idle_in_transaction_session_timeout = '30s';
alter role preorders_exports set statement_timeout = '2h';
alter role preorders_exports set lock_timeout = '2s';
