"""All of version 1.0.0 in one; a database of the last unnumbered version has these tables already."""

import collector.base.fields
import django.core.validators
import django.db.models.deletion
import incidents.models.channels
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('incidents', '0001_initial'),
        ('incidents', '0002_acknowledgements_that_expire'),
        ('incidents', '0003_uncertain_attempts'),
        ('incidents', '0004_got_worse'),
    ]

    initial = True

    dependencies = [
        ('collector', '0001_version_1'),
        ('detection', '0001_version_1'),
        ('groups', '0001_version_1'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='IncidentSettings',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quiet_runs', models.PositiveSmallIntegerField(default=2, help_text='An incident resolves itself when none of its findings held in this many runs in a row. Runs without data do not count.', validators=[django.core.validators.MinValueValidator(1)], verbose_name='resolve after quiet runs')),
                ('keep_open_until_reviewed', models.BooleanField(default=False, help_text='Incidents never resolve themselves: a person has to resolve each one.')),
                ('cooldown_hours', models.PositiveSmallIntegerField(default=24, help_text='The same cause within this time after an incident was resolved reopens it instead of opening a new one. A finding that still holds at the end of this time reopens what a person had resolved.', validators=[django.core.validators.MaxValueValidator(8760)], verbose_name='reopen window (hours)')),
                ('acknowledgement_hours', models.PositiveSmallIntegerField(db_default=0, default=0, help_text='An incident that is still unresolved this long after it was acknowledged alerts again, and anyone may acknowledge it. 0: an acknowledgement never expires.', validators=[django.core.validators.MaxValueValidator(8760)], verbose_name='acknowledgement expires after (hours)')),
                ('summary_above', models.PositiveSmallIntegerField(default=3, help_text='If there are more new alerts than this at once, they are sent as one summary.', validators=[django.core.validators.MinValueValidator(1)], verbose_name='one summary for more than (alerts)')),
                ('email_mode', models.CharField(choices=[('single', 'one e-mail per incident, as it happens'), ('digest', 'one e-mail a day with everything since the last')], default='single', max_length=6, verbose_name='e-mail')),
                ('email_digest_hour', models.PositiveSmallIntegerField(default=8, help_text='Used if e-mail is sent once a day.', validators=[django.core.validators.MaxValueValidator(23)], verbose_name='hour of the daily e-mail (UTC)')),
                ('give_up_after', models.PositiveSmallIntegerField(default=12, help_text='A notification is attempted this many times, with growing pauses of up to 6 hours: 12 attempts take about a day. Notifications that were given up are listed in the admin, on the incidents page and in /healthz.', validators=[django.core.validators.MinValueValidator(1)], verbose_name='attempts before giving up')),
                ('plan_digest', models.BooleanField(default=True, help_text='Sent once a day if a member has exhausted their plan.', verbose_name='plan exhaustion digest')),
                ('cycle_digest', models.BooleanField(default=True, help_text='Sent once per billing cycle, three days before it ends.', verbose_name='cycle summary')),
                ('weekly_digest', models.BooleanField(default=True, help_text='Sent on Mondays: spend by group, for managers.')),
                ('digest_hour', models.PositiveSmallIntegerField(default=8, validators=[django.core.validators.MaxValueValidator(23)], verbose_name='hour of the digests (UTC)')),
            ],
            options={
                'verbose_name': 'incident settings',
            },
        ),
        migrations.CreateModel(
            name='SlackRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('signature', models.CharField(max_length=80, unique=True)),
                ('received_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Channel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True)),
                ('kind', models.CharField(choices=[('slack', 'Slack'), ('email', 'e-mail'), ('webhook', 'webhook'), ('apprise', 'Apprise (Teams, Discord, Google Chat, ntfy, Matrix …)'), ('pager', 'PagerDuty'), ('opsgenie', 'Opsgenie')], max_length=8)),
                ('target', models.TextField(blank=True, help_text="Slack: the channel's id, such as C0123456789. E-mail: addresses separated by commas; {member} stands for the member concerned. Webhook: its address. Apprise: one URL per line. PagerDuty: the Integration Key. Opsgenie: the API key. If empty, the environment variable SLACK_CHANNEL_ID, ALERT_EMAIL_TO or WEBHOOK_URL is used.")),
                ('is_enabled', models.BooleanField(default=True, verbose_name='enabled')),
                ('least_severity', models.CharField(choices=[('info', 'info'), ('warning', 'warning'), ('critical', 'critical')], default='warning', max_length=10, verbose_name='minimum severity')),
                ('sends_alerts', models.BooleanField(default=True, help_text='Sends incidents as they happen.', verbose_name='alerts')),
                ('sends_digests', models.BooleanField(default=True, help_text='Sends exhausted plans, the cycle summary and the weekly digest. A channel for groups gets only theirs.', verbose_name='digests')),
                ('quiet_from', models.TimeField(blank=True, help_text='Messages wait until quiet hours end.', null=True, verbose_name='quiet hours from')),
                ('quiet_until', models.TimeField(blank=True, null=True, verbose_name='quiet hours until')),
                ('timezone', models.CharField(default='UTC', help_text='Applies to the quiet hours.', max_length=60, validators=[incidents.models.channels.check_timezone], verbose_name='time zone')),
                ('is_loud_when_critical', models.BooleanField(default=True, help_text='Critical incidents do not wait for quiet hours to end.', verbose_name='send critical incidents at once')),
                ('escalate_after_minutes', models.PositiveIntegerField(blank=True, help_text='For example 30.', null=True, validators=[django.core.validators.MaxValueValidator(10080)], verbose_name='escalate after (minutes)')),
                ('seed', models.CharField(blank=True, editable=False, help_text='The environment variable that this channel was created from, so that it is created only once.', max_length=20, null=True, unique=True)),
                ('last_ok_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='last delivery')),
                ('last_error', models.TextField(blank=True, editable=False)),
                ('last_error_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='last failure')),
                ('escalate_to', models.ForeignKey(blank=True, help_text='The channel that is notified if nobody acknowledges in time.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='escalates_from', to='incidents.channel')),
                ('groups', models.ManyToManyField(blank=True, help_text='Only for channels that are for groups. If all of these groups are deleted, nothing is sent.', to='groups.group')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Incident',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cause', models.CharField(choices=[('spend', 'spend'), ('requests', 'requests'), ('tokens', 'tokens'), ('plan', 'plan'), ('limit', 'limit'), ('budget', 'budget'), ('price', 'price')], help_text='Findings with the same cause about the same spend belong to one incident.', max_length=10)),
                ('status', models.CharField(choices=[('open', 'open'), ('alerted', 'alerted'), ('acknowledged', 'acknowledged'), ('resolved', 'resolved')], default='open', max_length=12)),
                ('severity', models.CharField(choices=[('info', 'info'), ('warning', 'warning'), ('critical', 'critical')], max_length=10)),
                ('message', models.TextField(help_text='Its most severe finding in one sentence, as of the last run.')),
                ('model', models.CharField(blank=True, help_text='The model that caused it, if it was one model.', max_length=120)),
                ('extra_cents', collector.base.fields.CentsField(blank=True, decimal_places=6, max_digits=16, null=True, verbose_name='extra cost')),
                ('onset_at', models.DateTimeField(blank=True, help_text='The usage event at which the figure crossed its bound.', null=True)),
                ('onset_corrected_at', models.DateTimeField(blank=True, help_text='The onset as a person corrected it; used instead of the measured one.', null=True)),
                ('onset_collected_at', models.DateTimeField(blank=True, help_text='When the usage event at the onset was first stored here.', null=True)),
                ('detected_at', models.DateTimeField(help_text='When a run opened the incident.')),
                ('alerted_at', models.DateTimeField(blank=True, help_text='When a notification was first delivered.', null=True)),
                ('acknowledged_at', models.DateTimeField(blank=True, help_text='When a person first acknowledged it.', null=True)),
                ('acknowledged_by', models.CharField(blank=True, max_length=254)),
                ('resolved_at', models.DateTimeField(blank=True, null=True)),
                ('resolved_by', models.CharField(blank=True, help_text='Empty if it resolved itself.', max_length=254)),
                ('resolved_severity', models.CharField(blank=True, choices=[('info', 'info'), ('warning', 'warning'), ('critical', 'critical')], max_length=10)),
                ('reopened_at', models.DateTimeField(blank=True, help_text='When it was last reopened.', null=True)),
                ('reopened_count', models.PositiveSmallIntegerField(default=0)),
                ('snoozed_until', models.DateTimeField(blank=True, null=True)),
                ('verdict', models.CharField(blank=True, choices=[('real', 'a real problem'), ('expected', 'expected'), ('planned', 'planned until a date'), ('too_small', 'too small to matter')], max_length=10)),
                ('verdict_by', models.CharField(blank=True, max_length=254)),
                ('planned_until', models.DateTimeField(blank=True, null=True)),
                ('quiet_runs', models.PositiveSmallIntegerField(default=0, help_text='The number of runs in a row in which none of its findings held.')),
                ('last_run_at', models.DateTimeField(help_text='The last run that was counted, so that a repeated run counts once.')),
                ('member', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='incidents', to='collector.member')),
            ],
            options={
                'ordering': ['-detected_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='IncidentAnomaly',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('joined_at', models.DateTimeField()),
                ('anomaly', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='incident_link', to='detection.anomaly')),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='findings', to='incidents.incident')),
            ],
            options={
                'verbose_name_plural': 'incident anomalies',
                'ordering': ['joined_at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='TimelineEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('step', models.CharField(choices=[('opened', 'opened'), ('joined', 'finding joined'), ('worsened', 'got worse'), ('alerted', 'alert delivered'), ('answered', 'answered'), ('unanswered', 'escalated: nobody answered'), ('acknowledged', 'acknowledged'), ('expired', 'acknowledgement expired'), ('quiet', 'finding cleared'), ('resolved', 'resolved'), ('reopened', 'reopened'), ('snoozed', 'snoozed'), ('woke', 'snooze ended'), ('verdict', 'verdict'), ('note', 'note'), ('onset', 'onset corrected'), ('limit_asked', 'asked Cursor for a limit'), ('limit', 'spend limit'), ('guard', 'guard'), ('undelivered', 'notification given up')], max_length=12)),
                ('at', models.DateTimeField()),
                ('actor_name', models.CharField(blank=True, help_text='Empty for a step by the system.', max_length=254)),
                ('origin', models.CharField(choices=[('page', 'page'), ('api', 'API'), ('slack', 'Slack'), ('email', 'e-mail'), ('pager', 'PagerDuty'), ('genie', 'Opsgenie'), ('system', 'system')], max_length=6)),
                ('from_status', models.CharField(blank=True, choices=[('open', 'open'), ('alerted', 'alerted'), ('acknowledged', 'acknowledged'), ('resolved', 'resolved')], max_length=12)),
                ('to_status', models.CharField(blank=True, choices=[('open', 'open'), ('alerted', 'alerted'), ('acknowledged', 'acknowledged'), ('resolved', 'resolved')], max_length=12)),
                ('severity', models.CharField(choices=[('info', 'info'), ('warning', 'warning'), ('critical', 'critical')], help_text="The incident's severity at this step.", max_length=10)),
                ('text', models.TextField(blank=True)),
                ('actor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='timeline', to='incidents.incident')),
            ],
            options={
                'verbose_name_plural': 'timeline entries',
                'ordering': ['at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='Notification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('alert', 'alert'), ('update', 'update'), ('digest', 'digest'), ('notice', 'notice')], max_length=6)),
                ('digest', models.JSONField(blank=True, help_text='The content of a digest or notice, as recorded.', null=True)),
                ('dedupe_key', models.CharField(help_text="The step or the digest's period. Each is sent once per channel, even if a run is repeated.", max_length=120)),
                ('status', models.CharField(choices=[('waiting', 'waiting'), ('sending', 'being sent'), ('sent', 'sent'), ('given_up', 'given up'), ('dropped', 'not needed: the member answered')], default='waiting', max_length=8)),
                ('created_at', models.DateTimeField()),
                ('due_at', models.DateTimeField(help_text='Earliest time to send: when quiet hours end, or after the retry delay.')),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('lost_leases', models.PositiveSmallIntegerField(default=0, help_text='How often a process died while sending, which leaves the outcome unknown.')),
                ('is_uncertain', models.BooleanField(db_default=False, default=False, help_text='An attempt may have got through, because its answer was lost or its process died.')),
                ('lease', models.CharField(blank=True, max_length=32)),
                ('leased_until', models.DateTimeField(blank=True, null=True)),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('remote_id', models.CharField(blank=True, help_text="The channel's own identifier of the message, such as Slack's ts or a Message-ID.", max_length=200)),
                ('error', models.TextField(blank=True, help_text='Why the last attempt failed, and what to do about it.')),
                ('channel', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='notifications', to='incidents.channel')),
                ('incident', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='notifications', to='incidents.incident')),
                ('entry', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='notifications', to='incidents.timelineentry')),
            ],
            options={
                'ordering': ['-created_at', '-pk'],
            },
        ),
        migrations.AddConstraint(
            model_name='channel',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('quiet_from__isnull', True), ('quiet_until__isnull', True)), models.Q(('quiet_from__isnull', False), ('quiet_until__isnull', False)), _connector='OR'), name='channel_quiet_hours_both_ends', violation_error_message='Quiet hours need both a beginning and an end.'),
        ),
        migrations.AddConstraint(
            model_name='channel',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('escalate_after_minutes__isnull', True), ('escalate_to__isnull', True)), models.Q(('escalate_after_minutes__gte', 1), ('escalate_to__isnull', False)), _connector='OR'), name='channel_escalation_complete', violation_error_message='Escalation needs both another channel and a time of at least 1 minute.'),
        ),
        migrations.AddConstraint(
            model_name='channel',
            constraint=models.CheckConstraint(condition=models.Q(('escalate_to__isnull', True), models.Q(('escalate_to', models.F('id')), _negated=True), _connector='OR'), name='channel_not_escalated_to_itself', violation_error_message='A channel cannot escalate to itself.'),
        ),
        migrations.AddIndex(
            model_name='incident',
            index=models.Index(fields=['-detected_at'], name='incident_detected'),
        ),
        migrations.AddIndex(
            model_name='incident',
            index=models.Index(fields=['member', 'cause', '-detected_at'], name='incident_member_cause'),
        ),
        migrations.AddConstraint(
            model_name='incident',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'resolved'), _negated=True), fields=('member', 'cause'), name='incident_one_unresolved_per_member_cause'),
        ),
        migrations.AddConstraint(
            model_name='incident',
            constraint=models.UniqueConstraint(condition=models.Q(models.Q(('status', 'resolved'), _negated=True), ('member__isnull', True)), fields=('cause',), name='incident_one_unresolved_per_team_cause'),
        ),
        migrations.AddConstraint(
            model_name='incident',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('resolved_at__isnull', False), ('status', 'resolved')), models.Q(models.Q(('status', 'resolved'), _negated=True), ('resolved_at__isnull', True)), _connector='OR'), name='incident_resolved_has_time'),
        ),
        migrations.AddConstraint(
            model_name='incident',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'acknowledged'), _negated=True), ('acknowledged_at__isnull', False), _connector='OR'), name='incident_acknowledged_has_time'),
        ),
        migrations.AddConstraint(
            model_name='incident',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'alerted'), _negated=True), ('alerted_at__isnull', False), _connector='OR'), name='incident_alerted_has_time'),
        ),
        migrations.AddConstraint(
            model_name='incident',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('verdict', 'planned'), _negated=True), ('planned_until__isnull', False), _connector='OR'), name='incident_planned_has_end', violation_error_message='Planned spend needs the day on which it ends.'),
        ),
        migrations.AddIndex(
            model_name='notification',
            index=models.Index(fields=['status', 'due_at'], name='notification_status_due'),
        ),
        migrations.AddConstraint(
            model_name='notification',
            constraint=models.UniqueConstraint(fields=('channel', 'dedupe_key'), name='notification_one_per_step_and_channel'),
        ),
        migrations.AddConstraint(
            model_name='notification',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'sent'), _negated=True), ('sent_at__isnull', False), _connector='OR'), name='notification_sent_has_time'),
        ),
        migrations.AddConstraint(
            model_name='notification',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'sending'), _negated=True), ('leased_until__isnull', False), _connector='OR'), name='notification_sending_is_leased'),
        ),
        migrations.AddConstraint(
            model_name='notification',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('digest__isnull', False), ('kind', 'digest')), models.Q(models.Q(('kind', 'digest'), _negated=True), ('entry__isnull', False), ('incident__isnull', False)), _connector='OR'), name='notification_has_content'),
        ),
    ]
