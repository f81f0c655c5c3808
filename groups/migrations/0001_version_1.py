"""All of version 1.0.0 in one; a database of the last unnumbered version has these tables already."""

import django.db.models.deletion
import django.db.models.functions.text
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('groups', '0001_initial'),
        ('groups', '0002_imports'),
        ('groups', '0003_history_names'),
    ]

    initial = True

    dependencies = [
        ('collector', '0001_version_1'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='MemberPlace',
            fields=[
            ],
            options={
                'verbose_name': 'member',
                'verbose_name_plural': 'members by group',
                'proxy': True,
                'indexes': [],
                'constraints': [],
            },
            bases=('collector.member',),
        ),
        migrations.CreateModel(
            name='Group',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='The whole path, such as Engineering > Platform.', max_length=240)),
                ('is_name_local', models.BooleanField(default=False, help_text='Renamed here. A new name at Cursor does not replace this name.')),
                ('closed_day', models.DateField(blank=True, help_text='The first day on which the group has no members.', null=True, verbose_name='deleted on')),
                ('created_at', models.DateTimeField()),
                ('cursor_group', models.OneToOneField(blank=True, help_text='The group at Cursor that this one follows. Empty if the group was created here.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='group', to='collector.cursorgroup')),
                ('merged_into', models.ForeignKey(blank=True, help_text='The group that receives members whom Cursor still assigns to this deleted group.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='merged', to='groups.group')),
            ],
            options={
                'verbose_name': 'billing group',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Assignment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_day', models.DateField(help_text="The first day (UTC). The assignment lasts until the member's next one.")),
                ('source', models.CharField(choices=[('cursor', 'Cursor'), ('manual', 'set here'), ('hibob', 'HiBob import'), ('backup', 'CSV import')], help_text='From that day on, any other source takes precedence over Cursor.', max_length=8)),
                ('changed_by', models.CharField(help_text='Who made the change: a user, a command or Cursor.', max_length=200)),
                ('changed_at', models.DateTimeField()),
                ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='assignments', to='collector.member')),
                ('group', models.ForeignKey(blank=True, help_text='If empty, the member is Unassigned.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='assignments', to='groups.group')),
            ],
            options={
                'ordering': ['member_id', 'from_day'],
            },
        ),
        migrations.CreateModel(
            name='GroupImport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('hibob', 'HiBob People Directory'), ('backup', 'CSV of e-mail, name, group')], max_length=8)),
                ('file_name', models.CharField(max_length=200)),
                ('from_day', models.DateField(help_text='The first day on which its moves take effect.')),
                ('targets', models.JSONField(help_text="The file's people, as read.")),
                ('plan', models.JSONField(help_text='The changes it would make, as shown in the preview.')),
                ('status', models.CharField(choices=[('previewed', 'previewed'), ('applied', 'applied'), ('undone', 'undone')], default='previewed', max_length=10)),
                ('before', models.JSONField(default=dict, help_text='What applying it replaced. Undoing the import restores this.')),
                ('uploaded_by', models.CharField(max_length=200)),
                ('uploaded_at', models.DateTimeField()),
                ('applied_by', models.CharField(blank=True, max_length=200)),
                ('applied_at', models.DateTimeField(blank=True, null=True)),
                ('undone_by', models.CharField(blank=True, max_length=200)),
                ('undone_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['-uploaded_at'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('applied_at__isnull', True), ('status', 'previewed'), ('undone_at__isnull', True)), models.Q(('applied_at__isnull', False), ('status', 'applied'), ('undone_at__isnull', True)), models.Q(('applied_at__isnull', False), ('status', 'undone'), ('undone_at__isnull', False)), _connector='OR'), name='groupimport_times_fit_status')],
            },
        ),
        migrations.CreateModel(
            name='HistoricalAssignment',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('from_day', models.DateField(help_text="The first day (UTC). The assignment lasts until the member's next one.")),
                ('source', models.CharField(choices=[('cursor', 'Cursor'), ('manual', 'set here'), ('hibob', 'HiBob import'), ('backup', 'CSV import')], help_text='From that day on, any other source takes precedence over Cursor.', max_length=8)),
                ('changed_by', models.CharField(help_text='Who made the change: a user, a command or Cursor.', max_length=200)),
                ('changed_at', models.DateTimeField()),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('group', models.ForeignKey(blank=True, db_constraint=False, help_text='If empty, the member is Unassigned.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='groups.group')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('member', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='collector.member')),
            ],
            options={
                'verbose_name': 'change of assignment',
                'verbose_name_plural': 'changes of assignments',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalGroup',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('name', models.CharField(help_text='The whole path, such as Engineering > Platform.', max_length=240)),
                ('is_name_local', models.BooleanField(default=False, help_text='Renamed here. A new name at Cursor does not replace this name.')),
                ('closed_day', models.DateField(blank=True, help_text='The first day on which the group has no members.', null=True, verbose_name='deleted on')),
                ('created_at', models.DateTimeField()),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('cursor_group', models.ForeignKey(blank=True, db_constraint=False, help_text='The group at Cursor that this one follows. Empty if the group was created here.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='collector.cursorgroup')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('merged_into', models.ForeignKey(blank=True, db_constraint=False, help_text='The group that receives members whom Cursor still assigns to this deleted group.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='groups.group')),
            ],
            options={
                'verbose_name': 'historical billing group',
                'verbose_name_plural': 'historical billing groups',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.AddConstraint(
            model_name='group',
            constraint=models.UniqueConstraint(django.db.models.functions.text.Lower('name'), name='group_name_unique', violation_error_message='A group with this name already exists.'),
        ),
        migrations.AddConstraint(
            model_name='group',
            constraint=models.CheckConstraint(condition=models.Q(('name__iexact', 'Unassigned'), _negated=True), name='group_not_unassigned', violation_error_message='“Unassigned” is reserved for members without a group.'),
        ),
        migrations.AddConstraint(
            model_name='group',
            constraint=models.CheckConstraint(condition=models.Q(('merged_into__isnull', True), ('closed_day__isnull', False), _connector='OR'), name='group_merged_is_closed', violation_error_message='Only a deleted group can be marked as merged into another.'),
        ),
        migrations.AddConstraint(
            model_name='group',
            constraint=models.CheckConstraint(condition=models.Q(('merged_into__isnull', True), models.Q(('merged_into', models.F('id')), _negated=True), _connector='OR'), name='group_not_merged_into_itself', violation_error_message='A group cannot be merged into itself.'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.UniqueConstraint(fields=('member', 'from_day'), name='assignment_one_per_member_day', violation_error_message='This member already has an assignment that starts on that day.'),
        ),
    ]
