"""All of version 1.0.0 in one; a database of the last unnumbered version has these tables already."""

import collector.base.fields
import django.core.serializers.json
import django.db.models.deletion
import django.db.models.functions.text
from decimal import Decimal
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('collector', '0001_initial'),
        ('collector', '0002_requests'),
        ('collector', '0003_etag_pages'),
        ('collector', '0004_pruning'),
        ('collector', '0005_snapshot_words'),
        ('collector', '0006_count_writes_of_facts'),
    ]

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='CursorGroup',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cursor_id', models.CharField(max_length=80, unique=True)),
                ('name', models.CharField(max_length=200)),
                ('spend_cents', collector.base.fields.CentsField(blank=True, decimal_places=6, help_text='The spend that Cursor reports for the current cycle; used only as a cross-check.', max_digits=16, null=True)),
                ('first_seen_at', models.DateTimeField()),
                ('last_seen_at', models.DateTimeField()),
                ('gone_at', models.DateTimeField(blank=True, help_text="When the group disappeared from Cursor's list.", null=True)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Lease',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True)),
                ('holder', models.CharField(blank=True, max_length=120)),
                ('expires_at', models.DateTimeField()),
                ('writes', models.BigIntegerField(db_default=0, default=0, help_text='Not used. Versions before 1.0.0 counted here how often facts were written.')),
            ],
        ),
        migrations.CreateModel(
            name='StoredETag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('request', models.CharField(help_text='Path and query.', max_length=300, unique=True)),
                ('etag', models.CharField(max_length=200)),
                ('has_more', models.BooleanField(default=False, help_text='Whether another page follows this one.')),
                ('read_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Watermark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(choices=[('members', 'members'), ('spend', 'spend of the cycle'), ('events', 'usage events'), ('activity', 'daily activity'), ('groups', 'billing groups'), ('team_analytics', 'team analytics'), ('member_analytics', 'analytics by member'), ('commits', 'AI-code commits')], max_length=20, unique=True)),
                ('complete_until_at', models.DateTimeField()),
                ('complete_from_at', models.DateTimeField(blank=True, help_text='How far back history has been read.', null=True)),
            ],
        ),
        migrations.CreateModel(
            name='BillingCycle',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('start_at', models.DateTimeField(unique=True)),
                ('end_at', models.DateTimeField()),
                ('is_inferred', models.BooleanField(default=False, help_text='Derived from a known cycle; never reported by Cursor.')),
            ],
            options={
                'ordering': ['-start_at'],
                'constraints': [models.CheckConstraint(condition=models.Q(('end_at__gt', models.F('start_at'))), name='billingcycle_ends_after_start')],
            },
        ),
        migrations.CreateModel(
            name='Member',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.CharField(help_text='In lower case; identifies the member in all sources.', max_length=254, unique=True)),
                ('kind', models.CharField(choices=[('person', 'person'), ('service_account', 'service account'), ('unattributed', 'unattributed')], default='person', max_length=16)),
                ('name', models.CharField(blank=True, max_length=200)),
                ('role', models.CharField(blank=True, help_text='As sent by Cursor: owner, member or free-owner.', max_length=40)),
                ('cursor_id', models.CharField(blank=True, help_text="Cursor's encoded id, such as user_…", max_length=80)),
                ('numeric_id', models.CharField(blank=True, help_text="Cursor's numeric id in daily usage.", max_length=40)),
                ('picture_url', models.URLField(blank=True, max_length=500)),
                ('is_removed', models.BooleanField(default=False, help_text='Whether Cursor lists the seat as removed.')),
                ('gone_at', models.DateTimeField(blank=True, help_text="When this member disappeared from Cursor's list.", null=True)),
                ('first_seen_at', models.DateTimeField()),
                ('last_seen_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['email'],
                'constraints': [models.CheckConstraint(condition=models.Q(('email', django.db.models.functions.text.Lower('email'))), name='member_email_lower_case', violation_error_message='The e-mail must be in lower case, because it identifies the member in all sources.')],
            },
        ),
        migrations.CreateModel(
            name='Pruning',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first_day', models.DateField()),
                ('last_day', models.DateField()),
                ('started_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('first_day__lte', models.F('last_day'))), name='pruning_days_in_order', violation_error_message='The last day comes before the first.')],
            },
        ),
        migrations.CreateModel(
            name='RequestSlot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('endpoint_class', models.CharField(max_length=24)),
                ('number', models.PositiveSmallIntegerField()),
                ('free_at', models.DateTimeField(help_text='When this slot may be used again.')),
            ],
            options={
                'indexes': [models.Index(fields=['endpoint_class', 'free_at'], name='requestslot_class_free')],
                'constraints': [models.UniqueConstraint(fields=('endpoint_class', 'number'), name='requestslot_one_per_number')],
            },
        ),
        migrations.CreateModel(
            name='SourceRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(choices=[('members', 'members'), ('spend', 'spend of the cycle'), ('events', 'usage events'), ('activity', 'daily activity'), ('groups', 'billing groups'), ('team_analytics', 'team analytics'), ('member_analytics', 'analytics by member'), ('commits', 'AI-code commits')], max_length=20)),
                ('status', models.CharField(choices=[('running', 'running'), ('ok', 'ok'), ('ok_doubts', 'ok with doubts'), ('failed', 'failed'), ('unavailable', 'not available on this plan'), ('fresh', 'skipped: still fresh')], default='running', max_length=12)),
                ('trigger', models.CharField(default='collect', help_text='What started the run: collect, backfill, csv (file import) or tracker (import from cursor-usage-tracker).', max_length=12)),
                ('window_start_at', models.DateTimeField(blank=True, null=True)),
                ('window_end_at', models.DateTimeField(blank=True, null=True)),
                ('rows_seen', models.PositiveIntegerField(default=0)),
                ('rows_new', models.PositiveIntegerField(default=0)),
                ('rows_changed', models.PositiveIntegerField(default=0)),
                ('requests', models.PositiveIntegerField(default=0, help_text='HTTP requests made, retries included.')),
                ('error', models.TextField(blank=True, help_text='What went wrong and what to do about it. Never contains a key.')),
                ('started_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['-started_at'],
                'indexes': [models.Index(fields=['source', '-started_at'], name='sourcerun_source_started')],
            },
        ),
        migrations.CreateModel(
            name='TeamAnalyticsDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('metric', models.CharField(max_length=24)),
                ('day', models.DateField()),
                ('name', models.CharField(blank=True, max_length=200)),
                ('detail', models.CharField(blank=True, max_length=200)),
                ('count', models.BigIntegerField(default=0)),
                ('values', models.JSONField(default=dict)),
                ('updated_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('metric', 'day', 'name', 'detail'), name='teamanalyticsday_one_per_key')],
            },
        ),
        migrations.CreateModel(
            name='DailyActivity',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('is_active', models.BooleanField(default=False)),
                ('lines_added', models.IntegerField(default=0)),
                ('lines_deleted', models.IntegerField(default=0)),
                ('accepted_lines_added', models.IntegerField(default=0)),
                ('accepted_lines_deleted', models.IntegerField(default=0)),
                ('applies', models.IntegerField(default=0)),
                ('accepts', models.IntegerField(default=0)),
                ('rejects', models.IntegerField(default=0)),
                ('tabs_shown', models.IntegerField(default=0)),
                ('tabs_accepted', models.IntegerField(default=0)),
                ('composer_requests', models.IntegerField(default=0)),
                ('chat_requests', models.IntegerField(default=0)),
                ('agent_requests', models.IntegerField(default=0)),
                ('cmdk_usages', models.IntegerField(default=0)),
                ('included_requests', models.IntegerField(default=0)),
                ('api_key_requests', models.IntegerField(default=0)),
                ('usage_based_requests', models.IntegerField(default=0)),
                ('bugbot_usages', models.IntegerField(default=0)),
                ('most_used_model', models.CharField(blank=True, max_length=120)),
                ('apply_extension', models.CharField(blank=True, max_length=40)),
                ('tab_extension', models.CharField(blank=True, max_length=40)),
                ('client_version', models.CharField(blank=True, max_length=40)),
                ('updated_at', models.DateTimeField()),
                ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='daily_activity', to='collector.member')),
            ],
            options={
                'verbose_name_plural': 'daily activity',
                'indexes': [models.Index(fields=['day', 'member'], name='dailyactivity_day_member')],
                'constraints': [models.UniqueConstraint(fields=('member', 'day'), name='dailyactivity_one_per_member_day')],
            },
        ),
        migrations.CreateModel(
            name='CursorGroupMembership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('joined_at', models.DateTimeField()),
                ('left_at', models.DateTimeField(blank=True, null=True)),
                ('group', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='collector.cursorgroup')),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='cursor_memberships', to='collector.member')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('group', 'member', 'joined_at'), name='cursormembership_one_per_stay'), models.UniqueConstraint(condition=models.Q(('left_at__isnull', True)), fields=('member',), name='cursormembership_one_current')],
            },
        ),
        migrations.CreateModel(
            name='AiCodeCommit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('commit_hash', models.CharField(max_length=64)),
                ('repository', models.CharField(blank=True, max_length=300)),
                ('branch', models.CharField(blank=True, max_length=300)),
                ('is_primary_branch', models.BooleanField(blank=True, null=True)),
                ('source', models.CharField(blank=True, max_length=20)),
                ('day', models.DateField(help_text='When the commit was made, or when Cursor ingested it if the commit has no time.')),
                ('committed_at', models.DateTimeField(blank=True, null=True)),
                ('ingested_at', models.DateTimeField()),
                ('lines_added', models.IntegerField(default=0)),
                ('lines_deleted', models.IntegerField(default=0)),
                ('tab_lines_added', models.IntegerField(default=0)),
                ('tab_lines_deleted', models.IntegerField(default=0)),
                ('composer_lines_added', models.IntegerField(default=0)),
                ('composer_lines_deleted', models.IntegerField(default=0)),
                ('unattributed_lines_added', models.IntegerField(blank=True, null=True)),
                ('unattributed_lines_deleted', models.IntegerField(blank=True, null=True)),
                ('updated_at', models.DateTimeField()),
                ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='commits', to='collector.member')),
            ],
            options={
                'verbose_name': 'AI-code commit',
                'indexes': [models.Index(fields=['day'], name='aicodecommit_day')],
                'constraints': [models.UniqueConstraint(fields=('member', 'commit_hash'), name='aicodecommit_one_per_member_hash')],
            },
        ),
        migrations.CreateModel(
            name='MemberAnalyticsDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('metric', models.CharField(max_length=24)),
                ('day', models.DateField()),
                ('name', models.CharField(blank=True, max_length=200)),
                ('detail', models.CharField(blank=True, max_length=200)),
                ('count', models.BigIntegerField(default=0)),
                ('updated_at', models.DateTimeField()),
                ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='analytics_days', to='collector.member')),
            ],
            options={
                'indexes': [models.Index(fields=['metric', 'day'], name='memberanalyticsday_metric_day')],
                'constraints': [models.UniqueConstraint(fields=('member', 'metric', 'day', 'name', 'detail'), name='memberanalyticsday_one_per_key')],
            },
        ),
        migrations.CreateModel(
            name='MemberModelDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('model', models.CharField(blank=True, max_length=120)),
                ('day', models.DateField()),
                ('is_after_turn', models.BooleanField(default=False, help_text='The part of the day after a cycle began on it.')),
                ('requests', models.PositiveIntegerField(default=0, help_text='Events that were served: not errored, not aborted.')),
                ('billed_requests', models.PositiveIntegerField(default=0, help_text='Those of them that were chargeable.')),
                ('failed_requests', models.PositiveIntegerField(default=0, help_text='Errored or aborted events.')),
                ('max_mode_requests', models.PositiveIntegerField(default=0)),
                ('headless_requests', models.PositiveIntegerField(default=0)),
                ('request_units', models.DecimalField(decimal_places=4, default=0, max_digits=14)),
                ('total_cents', collector.base.fields.CentsField(decimal_places=6, default=Decimal('0'), help_text='All events; total − billed = included.', max_digits=16)),
                ('billed_cents', collector.base.fields.CentsField(decimal_places=6, default=Decimal('0'), help_text='Chargeable events.', max_digits=16)),
                ('input_tokens', models.BigIntegerField(default=0)),
                ('output_tokens', models.BigIntegerField(default=0)),
                ('cache_write_tokens', models.BigIntegerField(default=0)),
                ('cache_read_tokens', models.BigIntegerField(default=0)),
                ('updated_at', models.DateTimeField()),
                ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='model_days', to='collector.member')),
            ],
            options={
                'indexes': [models.Index(fields=['day', 'member'], name='membermodelday_day_member')],
                'constraints': [models.UniqueConstraint(fields=('member', 'day', 'model', 'is_after_turn'), name='membermodelday_one_per_key')],
            },
        ),
        migrations.CreateModel(
            name='Reconciliation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('taken_at', models.DateTimeField()),
                ('events_total_cents', collector.base.fields.CentsField(decimal_places=6, default=Decimal('0'), max_digits=16)),
                ('events_billed_cents', collector.base.fields.CentsField(decimal_places=6, default=Decimal('0'), max_digits=16)),
                ('snapshot_total_cents', collector.base.fields.CentsField(blank=True, decimal_places=6, max_digits=16, null=True, verbose_name="Cursor's total")),
                ('snapshot_on_demand_cents', collector.base.fields.CentsField(blank=True, decimal_places=6, max_digits=16, null=True, verbose_name="Cursor's on-demand spend")),
                ('explanation', models.JSONField(default=list, help_text='The parts that make up the difference, as a list of {reason, cents}.')),
                ('cycle', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reconciliations', to='collector.billingcycle')),
            ],
            options={
                'ordering': ['-taken_at'],
                'constraints': [models.UniqueConstraint(fields=('cycle', 'taken_at'), name='reconciliation_one_per_moment')],
            },
        ),
        migrations.CreateModel(
            name='SpendSnapshot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('taken_at', models.DateTimeField(help_text="The day's first answer with a changed figure.")),
                ('confirmed_at', models.DateTimeField(help_text='The last answer that had this figure.')),
                ('meaning', models.CharField(choices=[('current', 'overallSpendCents given: total, on-demand, included by difference'), ('legacy', 'no overallSpendCents: what spendCents holds is uncertain')], max_length=8)),
                ('total_cents', collector.base.fields.CentsField(blank=True, decimal_places=6, help_text='Unknown if the answer is in the old format.', max_digits=16, null=True)),
                ('on_demand_cents', collector.base.fields.CentsField(blank=True, decimal_places=6, max_digits=16, null=True)),
                ('included_cents', collector.base.fields.CentsField(blank=True, decimal_places=6, max_digits=16, null=True)),
                ('premium_requests', models.PositiveIntegerField(blank=True, null=True)),
                ('limit_dollars', models.DecimalField(blank=True, decimal_places=2, help_text='The limit in force. Empty if there is none.', max_digits=12, null=True)),
                ('raw', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder, help_text='The row of the answer as it was received.')),
                ('cycle', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='snapshots', to='collector.billingcycle')),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='spend_snapshots', to='collector.member')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('member', 'cycle', 'taken_at'), name='spendsnapshot_one_per_moment')],
            },
        ),
        migrations.CreateModel(
            name='UsageEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('occurred_at', models.DateTimeField(help_text='Exact to the millisecond.')),
                ('model', models.CharField(blank=True, help_text='As spelled by Cursor; `default` is Auto.', max_length=120)),
                ('ordinal', models.PositiveSmallIntegerField(default=0)),
                ('kind', models.CharField(blank=True, help_text='Any text, for display only.', max_length=80)),
                ('charged_cents', collector.base.fields.CentsField(decimal_places=6, default=Decimal('0'), help_text='What Cursor charges: the model cost after discount, plus the token fee.', max_digits=16)),
                ('cost_basis', models.CharField(choices=[('charged', 'chargedCents'), ('model_cost', 'tokenUsage.totalCents (old answer without chargedCents)'), ('file', 'cost column of an imported file'), ('unknown', 'no cost was given')], default='charged', max_length=12)),
                ('model_cents', collector.base.fields.CentsField(blank=True, decimal_places=6, help_text='Before discount and fee.', max_digits=16, null=True, verbose_name='model cost')),
                ('token_fee_cents', collector.base.fields.CentsField(blank=True, decimal_places=6, max_digits=16, null=True)),
                ('discount_percent', models.DecimalField(blank=True, decimal_places=4, max_digits=7, null=True)),
                ('is_chargeable', models.BooleanField(default=False, help_text='Whether it counts as billed; otherwise it is included.')),
                ('request_units', models.DecimalField(decimal_places=4, default=0, help_text='Request units, not money.', max_digits=12)),
                ('input_tokens', models.BigIntegerField(blank=True, null=True)),
                ('output_tokens', models.BigIntegerField(blank=True, null=True)),
                ('cache_write_tokens', models.BigIntegerField(blank=True, null=True)),
                ('cache_read_tokens', models.BigIntegerField(blank=True, null=True)),
                ('is_token_based', models.BooleanField(default=False)),
                ('is_max_mode', models.BooleanField(default=False)),
                ('is_headless', models.BooleanField(default=False)),
                ('conversation_id', models.CharField(blank=True, max_length=80)),
                ('cloud_agent_id', models.CharField(blank=True, max_length=80)),
                ('automation_id', models.CharField(blank=True, max_length=80)),
                ('origin', models.CharField(choices=[('api', 'Admin API'), ('csv', 'dashboard CSV'), ('tracker', 'cursor-usage-tracker')], default='api', max_length=8)),
                ('first_seen_at', models.DateTimeField()),
                ('changed_at', models.DateTimeField()),
                ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='usage_events', to='collector.member')),
            ],
            options={
                'indexes': [models.Index(fields=['occurred_at'], name='usageevent_occurred')],
                'constraints': [models.UniqueConstraint(fields=('member', 'occurred_at', 'model', 'ordinal'), name='usageevent_one_per_identity')],
            },
        ),
    ]
